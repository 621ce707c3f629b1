"""Mails declined by the link in them: in one click of a mail program (RFC 8058), or by a button on a page.

The page changes nothing when it is merely opened, because programs that look for malware open every link. Whoever
posts needs neither session nor token beside the one in the address: that is what RFC 8058 asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from flask import render_template, request, url_for
from flask_babel import gettext as _

from surveyapp.fieldwork.mail.declining import accept_mail, decline_mail, has_declined, read_decline_token
from surveyapp.fieldwork.rounds import Round, list_rounds
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.frame import Frame, build_frame
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language, find_language_urls
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.open_return import frame_round
from surveyapp.web.respondent.pages import DeclinePage

TAKE_BACK = "take_back"


@respondent.get("/u/<token>")
@allow(LINK_HOLDER)
def show_decline(token: str) -> str:
    """Whether mails are wanted, with a button for the other."""
    installation = find_installation()
    survey_id = installation.settings.survey_id
    lookup = read_decline_token(installation.vault, survey_id, token)
    with installation.database.read() as connection:
        rounds = list_rounds(connection, survey_id)
        is_declined = has_declined(connection, survey_id, lookup)
    return _render(token, rounds, is_declined=is_declined)


@respondent.post("/u/<token>")
@allow(LINK_HOLDER)
def decline(token: str) -> str:
    """Decline, or take that back; either again without effect. Answered at once, since mail programs follow nothing."""
    installation = find_installation()
    survey_id = installation.settings.survey_id
    lookup = read_decline_token(installation.vault, survey_id, token)
    is_declined = TAKE_BACK not in request.form
    with installation.database.write() as connection:
        change = decline_mail if is_declined else accept_mail
        change(connection, survey_id, lookup, now=datetime.now(UTC))
        rounds = list_rounds(connection, survey_id)
    return _render(token, rounds, is_declined=is_declined)


def _render(token: str, rounds: Sequence[Round], *, is_declined: bool) -> str:
    page = DeclinePage(
        frame=_frame(rounds),
        is_declined=is_declined,
        action=url_for("respondent.decline", token=token, lang=find_language()),
    )
    return render_template("respondent/decline.html", page=page)


def _frame(rounds: Sequence[Round]) -> Frame:
    """A declined address is of no round: the page names who asks, and whom to ask, in the round that opened last."""
    site_name = _("Japan export survey")
    for round_ in rounds:
        if round_.kind != "sample" and round_.state(datetime.now(UTC)) != "in_preparation":
            return replace(frame_round(round_, home_url="/"), site_name=site_name)
    return build_frame(find_language(), site_name=site_name, language_urls=find_language_urls(), home_url="/")
