"""Who else is at a page: noted where a return is shared, and told in one quiet line."""

from __future__ import annotations

from flask_babel import gettext as _

from surveyapp.fieldwork.presence import Visitor, find_company, is_visit_due, note_visit
from surveyapp.log_lines import open_logger
from surveyapp.questionnaire.model import Page
from surveyapp.records.database import Connection, DatabaseFault
from surveyapp.web.installation import Installation
from surveyapp.web.locale import show_clock
from surveyapp.web.respondent.open_return import OpenReturn

logger = open_logger("surveyapp.respondent")


def mark_visit(installation: Installation, opened: OpenReturn, page: Page) -> None:
    """Note a page that is shown, in a short transaction of its own. The page is shown all the same where that fails."""
    if not is_visit_due(opened.shared, link_id=opened.link_id, now=opened.opened_at):
        return
    try:
        with installation.database.write() as connection:
            note_visit(connection, opened.draft, page.name, link_id=opened.link_id, now=opened.opened_at)
    except DatabaseFault as fault:
        logger.warning("a visit was not noted", fault=type(fault).__name__)


def keep_visit(connection: Connection, opened: OpenReturn, page: Page) -> None:
    """Note a page inside a transaction that is open anyway."""
    if is_visit_due(opened.shared, link_id=opened.link_id, now=opened.opened_at, page_name=page.name):
        note_visit(connection, opened.draft, page.name, link_id=opened.link_id, now=opened.opened_at)


def tell_company(opened: OpenReturn, page: Page) -> str:
    """Who else was at this page within the last minutes; blank where nobody was."""
    others = find_company(opened.shared, page.name, link_id=opened.link_id, now=opened.opened_at)
    if not others:
        return ""
    latest = max(others, key=lambda visitor: visitor.seen_at)
    words: str = _(
        "%(who)s opened this page at %(time)s.", who=name_visitor(opened, latest), time=show_clock(latest.seen_at)
    )
    return words


def name_visitor(opened: OpenReturn, visitor: Visitor) -> str:
    """The holder's words for a colleague, which the holder alone reads."""
    words: str = visitor.label if opened.part is None else _("A colleague")
    return words
