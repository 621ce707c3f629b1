"""Notes of staff under the figures of a round: written, deleted, and taken back. Viewers see none."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import abort, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.analysis.segments import SEGMENT_QUESTIONS
from surveyapp.fieldwork.rounds import Round, find_round, list_rounds, load_questionnaire_of
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.audit import write_audit
from surveyapp.records.figure_notes import (
    MOST_CHARACTERS,
    FigureNote,
    NoteFault,
    NoteNotAcceptable,
    find_note,
    list_notes,
    mark_unseen,
    remove_note,
    restore_note,
    write_note,
)
from surveyapp.web.access import ANALYST, MANAGER, allow, may
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.pages import CardNotes, Field, NoteLine, NotePage, ShownCard
from surveyapp.web.desk.selection import Selection, find_url
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor, find_words
from surveyapp.web.frame import Link, Notice, SummaryFault
from surveyapp.web.installation import find_installation

REMOVED = "removed_note"  # in the session: the note that was deleted last, until its figure has been shown once
PLAIN_FIGURES = frozenset({"ranking", "severity", "burden", "readiness", "importance", "change"})
LONGEST_FIGURE = 96
LONGEST_BACK = 2000
_BACK = re.compile(r"/desk/rounds/[\w.~%-]+/(issues|questions)(/[\w.~%-]+)?(\?[\w.~%=&+;:,/-]*)?")


def show_notes(cards: Sequence[ShownCard], selection: Selection) -> tuple[ShownCard, ...]:
    """The figures with their notes, and with the way to write one and to delete one's own."""
    removed = str(session.get(REMOVED, ""))
    with find_installation().database.read() as connection:
        notes = list_notes(connection, selection.round.survey_id, selection.round.round_id, removed=removed)
    figures = {shown.name_figure() for shown in cards}
    if any(note.note_id == removed and note.figure in figures for note in notes):
        session.pop(REMOVED)
    show = _find_note_builder(selection.round, notes)
    return tuple(
        replace(shown, notes=show(shown)) if shown.card.charts or shown.card.tables else shown for shown in cards
    )


@allow(ANALYST)
def show_round_notes(slug: str) -> Response:
    """A note's address leads to the figures: what was posted here is not to be opened."""
    return redirect(url_for("desk.show_issues", slug=slug), 303)


def _show_note_again(slug: str) -> str:
    notice = Notice(_("The form had become stale. Please check your note and save it again."), "warning")
    return _show_form(_find_round(slug), notice=notice)


@allow(ANALYST)
@show_again_with(_show_note_again)
def add_note(slug: str) -> Response | tuple[str, int]:
    figure, words, now = request.form.get("figure", ""), request.form.get("words", ""), datetime.now(UTC)
    survey_round = _find_round(slug)
    try:
        with find_installation().database.write() as connection:
            if not is_figure(figure, load_questionnaire_of(connection, survey_round), slug):
                abort(400)
            place = (survey_round.survey_id, survey_round.round_id)
            note_id = write_note(connection, *place, figure=figure, words=words, author=find_actor(), now=now)
            write_audit(connection, action="note.written", **_build_trace(survey_round, figure, note_id, now))
    except NoteNotAcceptable as fault:
        return _show_form(survey_round, fault=explain_fault(fault.fault)), 422
    return redirect(_find_back(slug, figure), 303)


def _show_removal_again(slug: str, note_id: str) -> str:
    return _show_step(slug, note_id, url_for("desk.delete_note", slug=slug, note_id=note_id), _("Delete the note"))


@allow(ANALYST)
@show_again_with(_show_removal_again)
def delete_note(slug: str, note_id: str) -> Response:
    survey_round, note = _find_own_note(slug, note_id)
    now = datetime.now(UTC)
    with find_installation().database.write() as connection:
        if remove_note(connection, survey_round.survey_id, survey_round.round_id, note_id, now):
            write_audit(connection, action="note.removed", **_build_trace(survey_round, note.figure, note_id, now))
    session[REMOVED] = note_id
    return redirect(_find_back(slug, note.figure), 303)


def _show_return_again(slug: str, note_id: str) -> str:
    return _show_step(slug, note_id, url_for("desk.undelete_note", slug=slug, note_id=note_id), _("Undo the deletion"))


@allow(ANALYST)
@show_again_with(_show_return_again)
def undelete_note(slug: str, note_id: str) -> Response:
    survey_round, note = _find_own_note(slug, note_id)
    now = datetime.now(UTC)
    with find_installation().database.write() as connection:
        if restore_note(connection, survey_round.survey_id, survey_round.round_id, note_id):
            write_audit(connection, action="note.restored", **_build_trace(survey_round, note.figure, note_id, now))
    session.pop(REMOVED, None)
    return redirect(_find_back(slug, note.figure), 303)


def is_figure(name: str, questionnaire: Questionnaire, slug: str) -> bool:
    """Whether the desk has such a figure for this questionnaire: `ranking`, `leaves:gmp`, `q-jp_stage`, `cross:a:b`."""
    kind, _colon, rest = name.partition(":")
    if len(name) > LONGEST_FIGURE:
        return False
    if name in PLAIN_FIGURES:
        return True
    if kind == "leaves":
        return rest in {area.code for area in load_taxonomy().areas}
    if kind == "segments":
        return rest in SEGMENT_QUESTIONS
    if kind == "change":
        return bool(re.fullmatch(r"[\w-]+", rest)) and rest != slug
    questions = rest.split(":") if kind == "cross" else [name.removeprefix("q-")] if name.startswith("q-") else []
    shown = {question.name for question in questionnaire.questions_in("answers", "texts")}
    return len(questions) == (2 if kind == "cross" else 1) and shown.issuperset(questions)


def explain_fault(fault: NoteFault) -> str:
    words = find_words()
    return {
        "empty": words.gettext("Write the note before you save it."),
        "too_long": words.gettext("A note may have %(most)s characters. Shorten it.", most=MOST_CHARACTERS),
        "control": words.gettext(
            "The note holds a character that cannot be shown. It stands as � in the note: delete it there."
        ),
    }[fault]


def _find_note_builder(survey_round: Round, notes: Sequence[FigureNote]) -> Callable[[ShownCard], CardNotes]:
    slug, words, actor, is_manager, token = survey_round.slug, find_words(), find_actor(), may(MANAGER), generate_csrf()
    action, back = url_for("desk.add_note", slug=slug), find_url()

    def show(shown: ShownCard) -> CardNotes:
        own = [note for note in notes if note.figure == shown.name_figure()]
        return CardNotes(
            figure=shown.name_figure(),
            action=action,
            csrf_token=token,
            back=f"{back}#{shown.card.name}",
            most=MOST_CHARACTERS,
            lines=tuple(
                NoteLine(
                    words=note.words,
                    author=note.author,
                    at=words.time(note.written_at),
                    delete_url=url_for("desk.delete_note", slug=slug, note_id=note.note_id)
                    if is_manager or note.author == actor
                    else "",
                )
                for note in own
                if note.removed_at is None
            ),
            undo_url=next(
                (
                    url_for("desk.undelete_note", slug=slug, note_id=note.note_id)
                    for note in own
                    if note.removed_at is not None
                ),
                "",
            ),
        )

    return show


def _find_round(slug: str) -> Round:
    installation = find_installation()
    with installation.database.read() as connection:
        return find_round(connection, installation.settings.survey_id, slug)


def _find_own_note(slug: str, note_id: str) -> tuple[Round, FigureNote]:
    """The note, if it is the person's own or the person a manager. Raises NoteUnknown, answers 403."""
    installation = find_installation()
    with installation.database.read() as connection:
        survey_round = find_round(connection, installation.settings.survey_id, slug)
        note = find_note(connection, survey_round.survey_id, survey_round.round_id, note_id)
    if note.author != find_actor() and not may(MANAGER):
        abort(403)
    return survey_round, note


def _build_trace(survey_round: Round, figure: str, note_id: str, now: datetime) -> dict[str, Any]:
    """What the audit trail keeps: not the words, which may be deleted as the trail may not."""
    return {
        "actor": find_actor(),
        "at": now,
        "survey_id": survey_round.survey_id,
        "round_id": survey_round.round_id,
        "details": {"figure": figure, "note": note_id},
    }


def _find_back(slug: str, figure: str) -> str:
    """Where the form was: a page of figures of this round, at the figure; else the issues page."""
    given, _hash, anchor = request.form.get("back", "").partition("#")
    own = url_for("desk.show_issues", slug=slug)
    is_own = given.startswith(own.rpartition("/")[0] + "/") and _BACK.fullmatch(given) is not None
    path = given if is_own and len(given) <= LONGEST_BACK else own
    return f"{path}#{anchor}" if re.fullmatch(r"[\w-]+", anchor) else f"{path}#{figure.partition(':')[0]}"


def _show_form(survey_round: Round, *, fault: str = "", notice: Notice | None = None) -> str:
    """The note with what was typed, on a page of its own."""
    slug, figure = survey_round.slug, request.form.get("figure", "")
    back = _find_back(slug, figure)
    page = _build_page(survey_round, Link(back, _("Back to the figure")), url_for("desk.add_note", slug=slug))
    page = replace(
        page,
        title=_("Note on a figure"),
        button=_("Save the note"),
        kept=(Field("figure", figure), Field("back", back)),
        words=mark_unseen(request.form.get("words", "")),
        has_words=True,
        most=MOST_CHARACTERS,
        faults=(SummaryFault(fault, "#words"),) if fault else (),
        notice=notice,
    )
    return render_template("desk/note.html", page=page)


def _show_step(slug: str, note_id: str, action: str, button: str) -> str:
    """Ask again for a step whose form had become stale."""
    survey_round, note = _find_own_note(slug, note_id)
    back = _find_back(slug, note.figure)
    page = replace(
        _build_page(survey_round, Link(back, _("Back to the figure")), action),
        title=button,
        button=button,
        kept=(Field("back", back),),
        words=note.words,
        notice=Notice(_("The form had become stale. Please press the button again."), "warning"),
    )
    return render_template("desk/note.html", page=page)


def _build_page(survey_round: Round, back: Link, action: str) -> NotePage:
    with find_installation().database.read() as connection:
        rounds = list_rounds(connection, survey_round.survey_id)
    return NotePage(
        frame=build_desk_frame(survey_round),
        head=build_round_head(survey_round, rounds),
        back=back,
        action=action,
        csrf_token=generate_csrf(),
        title="",
        button="",
        kept=(),
        words="",
        has_words=False,
        most=MOST_CHARACTERS,
        faults=(),
        notice=None,
    )
