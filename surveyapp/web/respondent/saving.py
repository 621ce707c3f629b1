"""What the script sends while somebody types: saved as far as it can be, without a button and without leaving."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request
from flask_babel import gettext as _

from surveyapp.fieldwork.answering import save_page
from surveyapp.fieldwork.part_links import Part, hold_part
from surveyapp.forms.page_form import PageForm, build_page_form
from surveyapp.records.database import Connection
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.csrf import FIELD, ProofFault, check_draft
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.locale import find_language, show_clock, show_time
from surveyapp.web.metrics import note_deed
from surveyapp.web.respondent.answer_words import AnswerWords
from surveyapp.web.respondent.blocks import BlockContext, build_blocks
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.company import keep_visit
from surveyapp.web.respondent.open_return import OpenReturn, open_return, sign_return
from surveyapp.web.respondent.pages import SavedFragment, SaveState
from surveyapp.web.respondent.returning import OpenLink, find_page, find_place_instead, lay_over
from surveyapp.web.respondent.showing import describe_conflicts

_STATUS: dict[SaveState, int] = {"stale": 400, "closed": 403, "withdrawn": 410}


@respondent.post("/r/<token>/save/<page_name>")
@allow(LINK_HOLDER)
def save_typed(token: str, page_name: str) -> tuple[str, int]:
    """Save what can be saved of a page that is being filled in, and say how it stands now.

    Nothing is given or withdrawn, erased or cleared by it (`answering.save_page`, `is_typing`).
    """
    return answer_typed(open_return, token, page_name)


def answer_typed(open_link: OpenLink, token: str, page_name: str) -> tuple[str, int]:
    """The same through the kind of link that `open_link` opens."""
    installation = find_installation()
    with installation.database.write() as connection:
        opened = open_link(connection, installation, token)
        page = find_page(opened, page_name)
        form = build_page_form(opened.standing, page, find_language(), request.form)
        kept = keep_typed(connection, installation, opened, form)
        keep_visit(connection, opened, page)
    return render_saved(installation, opened, kept), _STATUS.get(kept.state, 200)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a page that was sent: its form over what is stored, and the number of the return's last change."""

    state: SaveState
    form: PageForm
    saves: int


def keep_typed(connection: Connection, installation: Installation, opened: OpenReturn, form: PageForm) -> Kept:
    refused = find_refusal(connection, installation, opened, form)
    if refused is not None:
        return Kept(refused, form, opened.draft.saves)
    saved = save_page(
        connection,
        installation.vault,
        opened.draft,
        opened.questionnaire,
        form.page,
        form.answers,
        language=opened.draft.language,
        now=opened.opened_at,
        read=form.read,
        settled=form.settled,
        is_typing=True,
    )
    note_deed("saved")
    laid = lay_over(saved, form)
    if saved.conflicts:
        note_deed("conflict")
    state: SaveState = "conflict" if saved.conflicts else "partly" if laid.unsaved else "saved"
    return Kept(state, laid, saved.draft.saves)


def find_refusal(
    connection: Connection, installation: Installation, opened: OpenReturn, form: PageForm
) -> SaveState | None:
    """Why nothing of the page can be kept now, if so. Raises LinkEnded and PageNotInPart."""
    try:
        check_draft(installation.settings, opened.proof_name, request.form.get(FIELD))
    except ProofFault:
        return "stale"
    if opened.is_withdrawn:
        return "withdrawn"
    if not opened.is_open:
        return "closed"
    if find_place_instead(opened, form.page) is not None:
        return "nothing"
    if opened.part is not None:
        hold_part(connection, Part(opened.part, opened.draft), form.page)
    return None


def render_saved(installation: Installation, opened: OpenReturn, kept: Kept) -> str:
    state, form = kept.state, kept.form
    blocks = build_blocks(BlockContext(form, opened.round.operator_texts, conflicts=describe_conflicts(form)))
    fragment = SavedFragment(
        blocks=blocks,
        state=state,
        words=write_state(opened, state, form),
        saved_at=show_clock(opened.opened_at),
        csrf_token=sign_return(installation, opened),
        unsaved=" ".join(form.unsaved) if state in ("partly", "conflict") else "",
        saves=kept.saves,
    )
    return render_template("respondent/saved.html", page=fragment)


def write_state(opened: OpenReturn, state: SaveState, form: PageForm) -> str:
    at, words = show_clock(opened.opened_at), ""
    match state:
        case "saved":
            words = _("Saved at %(time)s", time=at)
        case "partly":
            words = write_partly(opened, form, at)
        case "conflict":
            words = _("Somebody else changed the same answer. Choose which one holds; the rest is saved.")
        case "closed":
            closed = show_time(opened.round.closes_at)
            words = _("The survey round closed on %(time)s. What you typed since then is not saved.", time=closed)
        case "withdrawn":
            words = _("This return was withdrawn. Nothing can be added to it.")
        case "stale":
            words = _("Not saved yet: the form could not be recognised.")
        case "nothing":
            words = _("Not saved: another page has to be answered before this one.")
    return words


def write_partly(opened: OpenReturn, form: PageForm, at: str) -> str:
    """What is not saved yet, and why: an answer that cannot stand, or one that waits for the button."""
    faults = [name for name in form.unsaved if name in form.unstorable]
    if faults:
        written = AnswerWords(form.standing, find_language(), opened.round.operator_texts, opened.token, {})
        question = written.write_label(opened.questionnaire.by_name[faults[0]])
        message = _("Saved at %(time)s, but not this answer: %(question)s – %(problem)s")
        words: str = message % {"time": at, "question": question, "problem": form.messages[faults[0]]}
    else:
        words = _('Saved at %(time)s. Your consent is saved when you press "Save and continue".', time=at)
    return words
