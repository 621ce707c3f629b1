"""Remarks of staff beside a figure of a round.

A note belongs to the figure, under whatever filter it is looked at. "Delete" only marks it, so that it can be taken
back; the marked row goes with the round.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from surveyapp.records.tables import figure_note

MOST_CHARACTERS = 500
_ID_BYTES = 12
# Cc: control, Cs: half of a pair, Co and Cn: nobody's. Invisible joiners (Cf) belong to some scripts and to emoji.
_NOT_SHOWN = frozenset({"Cc", "Cs", "Co", "Cn"})

NoteFault = Literal["empty", "too_long", "control"]


class NoteUnknown(Exception):
    """The round has no such note."""


class NoteNotAcceptable(Exception):
    """The words cannot be kept as a note; `fault` says why."""

    def __init__(self, fault: NoteFault) -> None:
        super().__init__(fault)
        self.fault: NoteFault = fault


@dataclass(frozen=True, slots=True)
class FigureNote:
    note_id: str
    figure: str
    words: str
    author: str
    written_at: datetime
    removed_at: datetime | None


def clean_note(typed: str) -> str:
    """The words as they are kept: NFC, plain line ends, nothing blank around them. Raises NoteNotAcceptable."""
    words = unicodedata.normalize("NFC", typed.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")).strip()
    if words != mark_unseen(words):
        raise NoteNotAcceptable("control")
    if not any(unicodedata.category(one)[0] not in "ZC" for one in words):
        raise NoteNotAcceptable("empty")
    if len(words) > MOST_CHARACTERS:
        raise NoteNotAcceptable("too_long")
    return words


def mark_unseen(typed: str) -> str:
    """What was typed, with � for each character that a page cannot show."""
    return "".join(
        "\ufffd" if unicodedata.category(one) in _NOT_SHOWN and one not in "\r\n\t" else one for one in typed
    )


def write_note(
    connection: Connection, survey_id: str, round_id: int, *, figure: str, words: str, author: str, now: datetime
) -> str:
    """Keep a note in the caller's transaction and return its id. Raises NoteNotAcceptable."""
    note_id = secrets.token_hex(_ID_BYTES)
    connection.execute(
        insert(figure_note).values(
            survey_id=survey_id,
            round_id=round_id,
            note_id=note_id,
            figure=figure,
            words=clean_note(words),
            author=author,
            written_at=now,
        )
    )
    return note_id


def list_notes(connection: Connection, survey_id: str, round_id: int, *, removed: str = "") -> tuple[FigureNote, ...]:
    """The notes of a round, oldest first; of those that were removed only the one with the id `removed`."""
    table = figure_note.c
    query = (
        select(table.note_id, table.figure, table.words, table.author, table.written_at, table.removed_at)
        .where(table.survey_id == survey_id, table.round_id == round_id)
        .where(table.removed_at.is_(None) | (table.note_id == removed))
        .order_by(table.written_at, table.note_id)
    )
    return tuple(FigureNote(**row) for row in connection.execute(query).mappings())


def find_note(connection: Connection, survey_id: str, round_id: int, note_id: str) -> FigureNote:
    """A note, removed or not. Raises NoteUnknown."""
    for note in list_notes(connection, survey_id, round_id, removed=note_id):
        if note.note_id == note_id:
            return note
    raise NoteUnknown(note_id)


def remove_note(connection: Connection, survey_id: str, round_id: int, note_id: str, now: datetime) -> bool:
    """Mark a note as removed; False where it was already, or is none of the round."""
    return _mark_note(connection, survey_id, round_id, note_id, now)


def restore_note(connection: Connection, survey_id: str, round_id: int, note_id: str) -> bool:
    """Take the removal back; False where there was none."""
    return _mark_note(connection, survey_id, round_id, note_id, None)


def _mark_note(connection: Connection, survey_id: str, round_id: int, note_id: str, moment: datetime | None) -> bool:
    table = figure_note.c
    other_state = table.removed_at.is_(None) if moment is not None else table.removed_at.is_not(None)
    is_note = (table.survey_id == survey_id, table.round_id == round_id, table.note_id == note_id, other_state)
    return connection.execute(update(figure_note).where(*is_note).values(removed_at=moment)).rowcount == 1
