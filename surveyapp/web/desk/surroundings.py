"""What stands around every page of the desk: navigation, the head of a round, the words of the request's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import request, url_for
from flask_babel import get_translations
from flask_babel import gettext as _
from flask_security import current_user
from flask_wtf.csrf import generate_csrf

from surveyapp.fieldwork.rounds import Round, RoundState
from surveyapp.reports.words import Words
from surveyapp.web.access import ADMIN, ANALYST, DESK_HOME, MANAGER, SIGNED_IN, VIEWER, Rule, may
from surveyapp.web.desk.pages import RoundHead
from surveyapp.web.frame import Frame, Link, LinkGroup, build_frame
from surveyapp.web.locale import find_language, find_language_urls

_Entry = tuple[Rule, str, str, str]  # who may open the page, its endpoint, its name, the keys that lead there


def _name_desk_pages() -> tuple[_Entry, ...]:
    """The main navigation, in its order."""
    return (
        (SIGNED_IN, "desk.show_home", _("Rounds"), "g r"),
        (MANAGER, "desk.show_companies", _("Companies"), "g c"),
        (ANALYST, "desk.show_crosswalk", _("Trade measures"), "g x"),
        (ADMIN, "desk.show_jobs", _("Jobs"), "g j"),
        (ADMIN, "desk.show_privacy", _("Privacy"), "g v"),
        (ADMIN, "desk.show_audit", _("Audit trail"), "g a"),
    )


def _name_answer_pages() -> tuple[_Entry, ...]:
    """What a round's returns say; each page takes the round's slug alone."""
    return (
        (ANALYST, "desk.show_issues", _("Issues"), "g i"),
        (ANALYST, "desk.show_questions", _("Questions"), "g q"),
        (ANALYST, "desk.show_texts", _("Texts"), "g t"),
        (VIEWER, "desk.show_released", _("Released figures"), "g f"),
        (ANALYST, "desk.show_disclosure", _("Disclosure"), "g o"),
        (VIEWER, "desk.show_briefing", _("Briefing"), "g b"),
        (ANALYST, "desk.show_export", _("Export"), "g e"),
    )


def _name_fieldwork_pages() -> tuple[_Entry, ...]:
    """How a round's returns are gathered; each page takes the round's slug alone."""
    return (
        (VIEWER, "desk.show_progress", _("Progress"), "g p"),
        (MANAGER, "desk.show_invitations", _("Invitations"), "g l"),
        (MANAGER, "desk.show_mailings", _("Mailings"), "g m"),
        (MANAGER, "desk.show_entry", _("Enter a return"), "g n"),
        (MANAGER, "desk.show_round_privacy", _("Retention"), "g d"),
        (MANAGER, "desk.show_settings", _("Settings"), "g s"),
    )


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
        navigation=_list_links(_name_desk_pages()),
        round_navigation=() if survey_round is None else list_round_links(survey_round),
        account=find_actor(),
        sign_out_url=url_for("account.sign_out"),
        csrf_token=generate_csrf(),
    )


def build_round_head(survey_round: Round, rounds: Sequence[Round]) -> RoundHead:
    """The round's name, and the same page of the other rounds."""
    words = find_words()
    pages = [endpoint for _rule, endpoint, _text, _keys in (*_name_answer_pages(), *_name_fieldwork_pages())]
    endpoint = request.endpoint if request.endpoint in pages else pages[0]
    return RoundHead(
        title=name_round(survey_round, words),
        period=describe_period(survey_round, words),
        state=describe_state(survey_round, words),
        others=tuple(
            Link(url_for(endpoint, slug=other.slug), name_round(other, words))
            for other in rounds
            if other.round_id != survey_round.round_id
        ),
    )


def name_round(survey_round: Round, words: Words) -> str:
    """The title; while it is blank in this language, what the round is called in its address."""
    return words.text(survey_round.title) or survey_round.slug


def describe_period(survey_round: Round, words: Words) -> str:
    """First and last day in Seoul, the zone named."""
    return words.gettext(
        "%(first)s to %(last)s (Asia/Seoul)",
        first=words.day(survey_round.opens_at),
        last=words.day(survey_round.closes_at),
    )


def describe_state(survey_round: Round, words: Words) -> str:
    return name_state(survey_round.state(datetime.now(UTC)), words)


def name_state(state: RoundState, words: Words) -> str:
    return {
        "in_preparation": words.gettext("In preparation"),
        "not_yet_open": words.gettext("Not open yet"),
        "open": words.gettext("Open"),
        "closed": words.gettext("Closed"),
    }[state]


def list_round_links(survey_round: Round) -> tuple[LinkGroup, ...]:
    """The pages of a round that the person may open, by what they are about."""
    groups = (
        LinkGroup("answers", _("Answers"), _list_links(_name_answer_pages(), slug=survey_round.slug)),
        LinkGroup("fieldwork", _("Fieldwork"), _list_links(_name_fieldwork_pages(), slug=survey_round.slug)),
    )
    return tuple(group for group in groups if group.links)


def _list_links(entries: Sequence[_Entry], **values: Any) -> tuple[Link, ...]:
    links = []
    for rule, endpoint, text, keys in entries:
        if may(rule):
            url = url_for(endpoint, **values)
            links.append(Link(url, text, _is_current(url), keys))
    return tuple(links)


def _is_current(url: str) -> bool:
    """Whether the page shown is this one or lies below it; below the first page lies everything."""
    return request.path == url or (url != DESK_HOME and request.path.startswith(f"{url}/"))
