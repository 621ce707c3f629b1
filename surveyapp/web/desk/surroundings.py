"""What stands around every page of the desk: navigation, the head of a round, the words of the request's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import request, url_for
from flask_babel import get_translations
from flask_babel import gettext as _
from flask_security import current_user
from flask_wtf.csrf import generate_csrf

from surveyapp.fieldwork.rounds import Round
from surveyapp.reports.words import Words
from surveyapp.web.access import ADMIN, ANALYST, SIGN_IN_ENDPOINT, VIEWER, may
from surveyapp.web.desk.pages import RoundHead
from surveyapp.web.frame import Frame, Link, build_frame
from surveyapp.web.locale import find_language, find_language_urls

# Pages of a round, by the role that may open them; the same page of another round is found by its endpoint.
_ROUND_PAGES = ("desk.show_issues", "desk.show_questions", "desk.show_texts", "desk.show_released", "desk.show_export")


def find_words() -> Words:
    """Phrases and numbers in the language of the request."""
    return Words(find_language(), get_translations())


def find_actor() -> str:
    """Who is to be named in the audit trail."""
    return str(current_user.email)


def build_desk_frame(survey_round: Round | None = None) -> Frame:
    """The frame of a desk page, with the pages of the round that the person may open."""
    return build_frame(
        find_language(),
        site_name=_("Survey desk"),
        language_urls=find_language_urls(),
        home_url=url_for("desk.show_home"),
        round_kind="real" if survey_round is None else survey_round.kind,
        navigation=_list_navigation(survey_round),
        account=find_actor(),
        sign_out_url=url_for("account.sign_out"),
        csrf_token=generate_csrf(),
    )


def build_round_head(survey_round: Round, rounds: Sequence[Round]) -> RoundHead:
    """The round's name, and the same page of the other rounds."""
    words = find_words()
    endpoint = request.endpoint if request.endpoint in _ROUND_PAGES else _ROUND_PAGES[0]
    return RoundHead(
        title=words.text(survey_round.title),
        period=describe_period(survey_round, words),
        state=describe_state(survey_round, words),
        others=tuple(
            Link(url_for(endpoint, slug=other.slug), words.text(other.title))
            for other in rounds
            if other.round_id != survey_round.round_id
        ),
    )


def describe_period(survey_round: Round, words: Words) -> str:
    """First and last day in Seoul, the zone named."""
    return words.gettext(
        "%(first)s to %(last)s (Asia/Seoul)",
        first=words.day(survey_round.opens_at),
        last=words.day(survey_round.closes_at),
    )


def describe_state(survey_round: Round, words: Words) -> str:
    return {
        "not_yet_open": words.gettext("Not open yet"),
        "open": words.gettext("Open"),
        "closed": words.gettext("Closed"),
    }[survey_round.state(datetime.now(UTC))]


def describe_kind(survey_round: Round, words: Words) -> str:
    return {
        "real": words.gettext("Real round"),
        "trial": words.gettext("Trial round"),
        "sample": words.gettext("Sample round (fictional)"),
    }[survey_round.kind]


def list_round_links(survey_round: Round) -> tuple[Link, ...]:
    """The pages of a round that the person may open."""
    pages = (
        (ANALYST, "desk.show_issues", _("Issues")),
        (ANALYST, "desk.show_questions", _("Questions")),
        (ANALYST, "desk.show_texts", _("Texts")),
        (VIEWER, "desk.show_released", _("Released figures")),
        (ANALYST, "desk.show_export", _("Export")),
    )
    return tuple(
        Link(url_for(endpoint, slug=survey_round.slug), text, _is_current(endpoint))
        for rule, endpoint, text in pages
        if may(rule)
    )


def _list_navigation(survey_round: Round | None) -> tuple[Link, ...]:
    links = [Link(url_for("desk.show_home"), _("Rounds"), _is_current("desk.show_home"))]
    if survey_round is not None:
        links += list_round_links(survey_round)
    if may(ADMIN):
        links.append(Link(url_for("desk.show_audit"), _("Audit trail"), _is_current("desk.show_audit")))
    return tuple(links)


def _is_current(endpoint: str) -> bool:
    current = request.endpoint or SIGN_IN_ENDPOINT
    return current == endpoint or (endpoint == "desk.show_questions" and current == "desk.show_question")
