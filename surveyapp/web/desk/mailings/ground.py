"""What every page of the mail room begins with: the round, its head, the way to the other pages, the mail server."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for
from flask_babel import gettext as _

from surveyapp.fieldwork.mail.office import Office
from surveyapp.fieldwork.rounds import Round, find_round, list_rounds
from surveyapp.records.database import Connection
from surveyapp.reports.words import Words
from surveyapp.settings import SettingsFault
from surveyapp.web.desk.pages import RoundHead
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.frame import Frame, Link, Notice
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.mail_server import build_office


@dataclass(frozen=True, slots=True)
class Ground:
    """A round with what surrounds its pages."""

    installation: Installation
    round: Round
    head: RoundHead
    words: Words

    @property
    def frame(self) -> Frame:
        return build_desk_frame(self.round)

    @property
    def sections(self) -> tuple[Link, ...]:
        """The pages of the mail room."""
        pages = (
            ("desk.show_mailings", _("Mailings")),
            ("desk.show_mail_log", _("Log of mails")),
            ("desk.show_delivery_reports", _("Delivery reports")),
            ("desk.show_opt_outs", _("Who wants no mail")),
        )
        shown = request.url_rule.rule if request.url_rule is not None else ""
        current = "desk.show_mailings" if "<mailing_id>" in shown else request.endpoint
        return tuple(
            Link(url_for(endpoint, slug=self.round.slug), text, current == endpoint) for endpoint, text in pages
        )


def load_ground(connection: Connection, slug: str) -> Ground:
    """Raises `RoundUnknown`."""
    installation = find_installation()
    survey_id = installation.settings.survey_id
    survey_round = find_round(connection, survey_id, slug)
    head = build_round_head(survey_round, list_rounds(connection, survey_id))
    return Ground(installation, survey_round, head, find_words())


def find_office(installation: Installation) -> Office:
    """What sends mails. An address that cannot be used is as good as no server, and was told when serving began."""
    try:
        return build_office(installation.settings, installation.database, installation.vault)
    except SettingsFault:
        return Office(installation.database, installation.vault, None, installation.settings.base_url)


def tell_no_server(installation: Installation) -> tuple[Notice, ...]:
    """The band on pages of the mail room where nothing can be sent."""
    if find_office(installation).server is not None:
        return ()
    return (
        Notice(
            _("Mailings can be prepared, but not sent. The operator sets up a mail server as the server manual says."),
            "warning",
            _("No mail server is set up"),
        ),
    )


def tell_fictional(survey_round: Round) -> tuple[Notice, ...]:
    """The band on a round of invented companies."""
    if survey_round.kind != "sample":
        return ()
    return (Notice(_("Companies and contacts of this round are invented. Nothing is sent."), "warning"),)
