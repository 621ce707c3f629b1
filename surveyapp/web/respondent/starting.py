"""Before there is a return: the rounds, the start page with its notice and consent, a refusal."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import OpenLinkOff, refuse, start_return
from surveyapp.fieldwork.consent import has_refused
from surveyapp.fieldwork.rounds import Round, find_round, list_rounds, load_questionnaire_of
from surveyapp.forms.page_form import PageForm, build_page_form
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.paths import evaluate, find_next_page
from surveyapp.web.access import PUBLIC, allow
from surveyapp.web.csrf import TICKET_FIELD, ProofFault, issue_start_ticket, read_start_ticket
from surveyapp.web.frame import build_frame
from surveyapp.web.installation import find_installation
from surveyapp.web.limits import limit_start
from surveyapp.web.locale import find_language, find_language_urls, show_time, use_language
from surveyapp.web.respondent.answer_words import write_minutes
from surveyapp.web.respondent.blocks import BlockContext, build_blocks, list_faults
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.open_return import find_switched_language, frame_round, tell_time
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
@limit_start
def start(slug: str) -> Response | tuple[str, int]:
    """Begin a return once consent is given, count a refusal, or show the page again with what was typed."""
    round_, questionnaire = load_open_round(slug)
    switched = find_switched_language()
    if switched is not None:
        use_language(switched, remember=True)
    form = bind_start(questionnaire)
    try:
        token = read_start_ticket(find_installation().settings, slug, request.form.get(TICKET_FIELD))
    except ProofFault:
        return render_start(round_, Shown(form, notice=explain_stale_form())), 400
    if switched is not None:
        return render_start(round_, Shown(form)), 200
    if has_refused(form.answers):
        return count_refusal(round_, token)
    if form.new_questions:
        return render_start(round_, Shown(form, notice=note_more_questions(), focus=form.new_questions[0].name)), 200
    if form.faults:
        return render_start(round_, Shown(form, marks="all")), 422
    return begin(round_, questionnaire, form, token)


@respondent.post("/s/<slug>/fragment")
@allow(PUBLIC)
def refresh_start(slug: str) -> str:
    """The questions of the start page as they stand with what is typed, for the script. Nothing is stored."""
    round_, questionnaire = load_open_round(slug)
    blocks = build_blocks(BlockContext(bind_start(questionnaire), round_.operator_texts))
    return render_template("respondent/fragment.html", page=FragmentPage(blocks))


@respondent.get("/s/<slug>/declined")
@allow(PUBLIC)
def show_declined(slug: str) -> str:
    """The questionnaire's own words to those who do not agree."""
    round_, questionnaire = load_round(slug)
    first = questionnaire.pages[0]
    notes = [item for item in first.items if item.kind == "note" and item.relevant is not None]
    page = DeclinedPage(
        frame=frame_round(round_),
        words=notes[-1].label.filled(round_.operator_texts).in_language(find_language()) if notes else "",
        start_url=url_for("respondent.show_start", slug=slug),
    )
    return render_template("respondent/declined.html", page=page)


def load_round(slug: str) -> tuple[Round, Questionnaire]:
    """The round of an address with its questionnaire. Raises RoundUnknown."""
    installation = find_installation()
    with installation.database.read() as connection:
        round_ = find_round(connection, installation.settings.survey_id, slug)
        return round_, load_questionnaire_of(connection, round_)


def load_open_round(slug: str) -> tuple[Round, Questionnaire]:
    """The same, if whoever comes may answer it now. Raises RoundUnknown, RoundNotOpen, RoundClosed, OpenLinkOff."""
    round_, questionnaire = load_round(slug)
    round_.check_open(tell_time())
    if not round_.open_link:
        raise OpenLinkOff
    return round_, questionnaire


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
    following = find_next_page(form.standing, form.page)
    if following is None:
        return redirect(url_for("respondent.show_check", token=token), 303)
    query: dict[str, Any] = {NOTICE_FIELD: BEGUN}
    return redirect(url_for("respondent.show_questions", token=token, page_name=following.name, **query), 303)


def count_refusal(round_: Round, token: str) -> Response:
    installation = find_installation()
    with installation.database.write() as connection:
        refuse(connection, round_, refusal_id=token, language=find_language(), now=tell_time())
    return redirect(url_for("respondent.show_declined", slug=round_.slug), 303)


def render_start(round_: Round, shown: Shown) -> str:
    """The start page. A ticket that was posted and is ours stays, so that a second post is the same return."""
    language, settings = find_language(), find_installation().settings
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
            notices=(shown.notice,) if shown.notice is not None else (),
            form_id=FORM_ID,
            action=url_for("respondent.start", slug=round_.slug, lang=language),
            fragment_url=url_for("respondent.refresh_start", slug=round_.slug, lang=language),
            ticket=keep_ticket(round_.slug) or issue_start_ticket(settings, round_.slug),
        ),
    )


def keep_ticket(slug: str) -> str | None:
    """The posted ticket, if it is one of ours."""
    posted = request.form.get(TICKET_FIELD)
    try:
        read_start_ticket(find_installation().settings, slug, posted)
    except ProofFault:
        return None
    return posted
