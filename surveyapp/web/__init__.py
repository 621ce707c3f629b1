"""`create_app`: the frame around every page, and every URL.

A view names its access rule with `@allow(…)`, finds database and vault with `find_installation()`, and gives its
template one frozen dataclass named `page`.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined

from surveyapp.locale import check_catalogues
from surveyapp.records.database import open_database
from surveyapp.records.encryption import Vault
from surveyapp.settings import Settings
from surveyapp.web.access import check_access
from surveyapp.web.compression import set_up_compression
from surveyapp.web.csrf import set_up_csrf
from surveyapp.web.desk import desk
from surveyapp.web.desk.sign_in import account
from surveyapp.web.errors import set_up_errors
from surveyapp.web.headers import set_up_headers
from surveyapp.web.health import health
from surveyapp.web.installation import Installation, keep_installation
from surveyapp.web.limits import set_up_limits
from surveyapp.web.locale import set_up_languages
from surveyapp.web.metrics import set_up_metrics
from surveyapp.web.metrics_page import metrics_page
from surveyapp.web.request_log import set_up_request_log
from surveyapp.web.respondent import respondent
from surveyapp.web.revalidation import set_up_revalidation
from surveyapp.web.security import set_up_security, trust_proxies
from surveyapp.web.static_files import set_up_static_files
from surveyapp.web.templating import Templates, set_up_templates
from surveyapp.web.time_limit import set_up_time_limit
from surveyapp.web.uploads import set_up_uploads

PACKAGE = Path(__file__).parents[1]


def find_template_folder() -> Path:
    """Inside the installed package; an editable install has the folder at the root of the tree."""
    packaged = PACKAGE / "templates"
    return packaged if packaged.is_dir() else PACKAGE.parent / "templates"


def create_app(settings: Settings) -> Flask:
    """The application of one installation. Opens no connection: a database that is not ready answers 503 later.

    Raises CatalogueMissing.
    """
    check_catalogues()
    app = Flask("surveyapp", template_folder=str(find_template_folder()), static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_post_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_post_bytes,
        PREFERRED_URL_SCHEME="https" if settings.is_https else "http",
    )
    app.jinja_environment = Templates
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.policies["ext.i18n.trimmed"] = True

    database = open_database(settings.database_url)
    keep_installation(app, Installation(settings, database, Vault(settings.vault_keys, settings.lookup_key)))

    # The order matters: what is set up first runs first before a request and last after it.
    trust_proxies(app, settings)
    set_up_request_log(app, settings, set_up_metrics(app))
    set_up_headers(app)
    set_up_compression(app)
    set_up_revalidation(app)
    set_up_languages(app)
    set_up_templates(app)
    set_up_security(app, settings, database)
    app.before_request(check_access)
    set_up_time_limit(app)
    set_up_uploads(app)
    set_up_csrf(app, respondent)
    set_up_errors(app)

    set_up_static_files(app)
    app.register_blueprint(health)
    app.register_blueprint(metrics_page)
    app.register_blueprint(respondent)
    app.register_blueprint(account)
    app.register_blueprint(desk)
    set_up_limits(app, settings)
    return app
