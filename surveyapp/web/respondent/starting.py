"""Before there is a return: the rounds, the start page with its notice and consent, a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import OpenLinkOff, refuse, start_return
from surveyapp.fieldwork.consent import has_refused
from surveyapp.fieldwork.rounds import Round, find_public_round, list_rounds, load_questionnaire_of
from surveyapp.forms.page_form import PageForm, build_page_form
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.paths import evaluate, find_next_page
from surveyapp.web.access import PUBLIC, allow
from surveyapp.web.csrf import TICKET_FIELD, ProofFault, issue_start_ticket, read_start_ticket
from surveyapp.web.frame import Notice, build_frame
from surveyapp.web.installation import find_installation
from surveyapp.web.limits import limit_start
from surveyapp.web.locale import find_language, find_language_urls, show_time, use_language
from surveyapp.web.metrics import note_deed
from surveyapp.web.respondent.answer_words import write_minutes
from surveyapp.web.respondent.blocks import BlockContext, build_blocks, list_faults
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.open_return import CONTACT, find_switched_language, frame_round, tell_time
from surveyapp.web.respondent.pages import FORM_ID, DeclinedPage, FragmentPage, LandingPage, RoundLine, StartPage
from surveyapp.web.respondent.showing import BEGUN, NOTICE_FIELD, Shown, explain_stale_form, note_more_questions

DESK_URL = "/desk/"


@respondent.get("/")
@allow(PUBLIC)
def show_landing() -> str:
    """The rounds that can be answered now by whoever comes."""
    installation, language, now = find_installation(), find_language(), tell_time()
    with installation.database.read() as connection:
        rounds = list_rounds(connection, installation.settings.survey_id)
    frame = build_frame(language, site_name=_("Japan export survey"), language_urls=find_language_urls())
    lines = tuple(
        RoundLine(
            title=round_.title.in_language(language),
            kind=round_.kind,
            remark=_("Open until %(time)s", time=show_time(round_.closes_at)),
            url=url_for("respondent.show_start", slug=round_.slug),
            questions_url=url_for("respondent.show_question_list", slug=round_.slug),
        )
        for round_ in rounds
        if round_.open_link and round_.state(now) == "open"
    )
    return render_template("respondent/landing.html", page=LandingPage(frame, lines, DESK_URL))


@respondent.get("/s/<slug>/")
@allow(PUBLIC)
def show_start(slug: str) -> str:
    """The notice and the question of consent; nothing is stored yet."""
    round_, questionnaire = load_open_round(slug)
    form = build_page_form(evaluate(questionnaire, {}), questionnaire.pages[0], find_language())
    return render_start(round_, Shown(form))


@respondent.post("/s/<slug>/")
@allow(PUBLIC)
@limit_start(exempt_when=lambda: find_switched_language() is not None)
def start(slug: str) -> Response | tuple[str, int]:
    """Begin a return once consent is given, count a refusal, or show the page again with what was typed."""
    round_, questionnaire = load_open_round(slug)
    form = take_start(questionnaire)
    try:
        token = read_start_ticket(find_installation().settings, slug, request.form.get(TICKET_FIELD))
    except ProofFault:
        token = ""
    again = find_reason_to_show(form, is_proven=bool(token))
    if again is not None:
        return render_start(round_, again), again.status
    if has_refused(form.answers):
        return count_refusal(round_, token)
    return begin(round_, questionnaire, form, token)


@respondent.post("/s/<slug>/fragment")
@allow(PUBLIC)
def refresh_start(slug: str) -> str:
    """The questions of the start page as they stand with what is typed, for the script. Nothing is stored."""
    return render_fragment(*load_open_round(slug))


def render_fragment(round_: Round, questionnaire: Questionnaire) -> str:
    blocks = build_blocks(BlockContext(bind_start(questionnaire), round_.operator_texts))
    return render_template("respondent/fragment.html", page=FragmentPage(blocks))


@respondent.get("/s/<slug>/declined")
@allow(PUBLIC)
def show_declined(slug: str) -> str:
    """The questionnaire's own words to those who do not agree."""
    return render_declined(*load_round(slug), start_url=url_for("respondent.show_start", slug=slug))


def render_declined(round_: Round, questionnaire: Questionnaire, *, start_url: str) -> str:
    first = questionnaire.pages[0]
    notes = [item for item in first.items if item.kind == "note" and item.relevant is not None]
    page = DeclinedPage(
        frame=frame_round(round_),
        words=notes[-1].label.filled(round_.operator_texts).in_language(find_language()) if notes else "",
        start_url=start_url,
    )
    return render_template("respondent/declined.html", page=page)


def load_round(slug: str) -> tuple[Round, Questionnaire]:
    """The round of an address with its questionnaire. Raises RoundUnknown."""
    installation = find_installation()
    with installation.database.read() as connection:
        round_ = find_public_round(connection, installation.settings.survey_id, slug, tell_time())
        return round_, load_questionnaire_of(connection, round_)


def load_open_round(slug: str) -> tuple[Round, Questionnaire]:
    """The same, if whoever comes may answer it now. Raises RoundUnknown, RoundNotOpen, RoundClosed, OpenLinkOff."""
    round_, questionnaire = load_round(slug)
    round_.check_open(tell_time())
    if not round_.open_link:
        raise OpenLinkOff
    return round_, questionnaire


def take_start(questionnaire: Questionnaire) -> PageForm:
    """The posted start page, in the language that one of its buttons asks for, if any."""
    switched = find_switched_language()
    if switched is not None:
        use_language(switched, remember=True)
    return bind_start(questionnaire)


def find_reason_to_show(form: PageForm, *, is_proven: bool) -> Shown | None:
    """The start page to show again, and why; None where it can be acted upon."""
    if not is_proven:
        return Shown(form, 400, explain_stale_form())
    if find_switched_language() is not None:
        return Shown(form)
    if has_refused(form.answers):
        return None
    if form.new_questions:
        return Shown(form, notice=note_more_questions(), focus=form.new_questions[0].name)
    return Shown(form, 422, marks="all") if form.faults else None


def bind_start(questionnaire: Questionnaire) -> PageForm:
    return build_page_form(evaluate(questionnaire, {}), questionnaire.pages[0], find_language(), request.form)


def begin(round_: Round, questionnaire: Questionnaire, form: PageForm, token: str) -> Response:
    """Store the consent and lead to the first page after it."""
    installation = find_installation()
    with installation.database.write() as connection:
        start_return(
            connection,
            installation.vault,
            round_,
            questionnaire,
            token=token,
            answers=form.answers,
            language=find_language(),
            now=tell_time(),
        )
    return lead_on(form, token)


def lead_on(form: PageForm, token: str) -> Response:
    """From the start page to the first one after it."""
    note_deed("started")
    following = find_next_page(form.standing, form.page)
    if following is None:
        return redirect(url_for("respondent.show_check", token=token), 303)
    query: dict[str, Any] = {NOTICE_FIELD: BEGUN}
    return redirect(url_for("respondent.show_questions", token=token, page_name=following.name, **query), 303)


def count_refusal(round_: Round, token: str) -> Response:
    installation = find_installation()
    with installation.database.write() as connection:
        refuse(connection, round_, refusal_id=token, language=find_language(), now=tell_time())
    note_deed("refused")
    return redirect(url_for("respondent.show_declined", slug=round_.slug), 303)


@dataclass(frozen=True, slots=True)
class StartWay:
    """Where a start page leads, and what stands on it for a company whose own link it is."""

    action: str
    fragment_url: str
    ticket: str
    company: str = ""
    is_anew: bool = False
    notice: Notice | None = None


def render_start(round_: Round, shown: Shown, way: StartWay | None = None) -> str:
    """The start page of whoever comes, or of a personal link."""
    way = way or find_open_way(round_)
    contact = round_.operator_texts[CONTACT].in_language(find_language()) if CONTACT in round_.operator_texts else ""
    questionnaire = shown.form.standing.questionnaire
    context = BlockContext(shown.form, round_.operator_texts, shown.focus, marks=shown.marks)
    blocks = build_blocks(context)
    return render_template(
        "respondent/start.html",
        page=StartPage(
            frame=frame_round(round_, switch_form=FORM_ID),
            title=context.words(questionnaire.title),
            time_needed=write_minutes(questionnaire.estimated_minutes),
            open_until=_("Open until %(time)s", time=show_time(round_.closes_at)),
            blocks=blocks,
            faults=list_faults(blocks),
            notices=tuple(each for each in (shown.notice, way.notice) if each is not None),
            form_id=FORM_ID,
            action=way.action,
            fragment_url=way.fragment_url,
            questions_url=url_for("respondent.show_question_list", slug=round_.slug),
            ticket=way.ticket,
            company=way.company,
            contact=contact if way.company else "",
            is_anew=way.is_anew,
        ),
    )


def find_open_way(round_: Round) -> StartWay:
    """The way of the open link. A ticket of ours that was posted stays, so that a second post is the same return."""
    language, settings = find_language(), find_installation().settings
    return StartWay(
        action=url_for("respondent.start", slug=round_.slug, lang=language),
        fragment_url=url_for("respondent.refresh_start", slug=round_.slug, lang=language),
        ticket=keep_ticket(round_.slug) or issue_start_ticket(settings, round_.slug),
    )


def keep_ticket(slug: str) -> str | None:
    """The posted ticket, if it is one of ours."""
    posted = request.form.get(TICKET_FIELD)
    try:
        read_start_ticket(find_installation().settings, slug, posted)
    except ProofFault:
        return None
    return posted
