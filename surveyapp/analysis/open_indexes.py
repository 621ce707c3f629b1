"""The process's answer indexes: one a survey, read from the snapshot once and from the change feed ever after."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.index_refresh import refresh_index
from surveyapp.analysis.index_snapshot import load_snapshot, remove_snapshot, save_snapshot
from surveyapp.fieldwork.rounds import Round, list_rounds, load_questionnaire_of
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database

# A smaller survey is read faster than it is worth keeping.
SNAPSHOT_FROM = 2000
# A snapshot is written anew when this part of the returns has changed since.
STALE_SHARE = 0.1


@dataclass(slots=True)
class _Held:
    """The newest index of one survey in this process."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    index: AnswerIndex | None = None
    saved: int = 0  # revision of the snapshot that this process knows of


_held: dict[tuple[URL, str], _Held] = {}
_registry = threading.Lock()


def open_index(database: Database, survey_id: str, *, snapshots: Path | None = None) -> AnswerIndex:
    """The survey's index, up to date with the database. Safe to call from any thread, at every request.

    What is returned never changes; call again for what was submitted since. `snapshots` is the folder of the cache file
    (instance/); None keeps none. A survey that does not exist gives an empty index. Raises `DatabaseFault`s.
    """
    with _registry:
        held = _held.setdefault((database.engine.url, survey_id), _Held())
    path = None if snapshots is None else snapshots / f"{survey_id}.index"
    with held.lock, database.read() as connection:
        before = held.index
        if before is None and path is not None:
            before = load_snapshot(path, survey_id, connection)
            held.saved = before.revision if before is not None else 0
        if before is None:
            before = AnswerIndex(survey_id)
        index = refresh_index(before, connection, _QuestionnaireShelf(connection, survey_id))
        if path is not None and index is not before:
            _keep_snapshot(path, held, before, index, connection)
        held.index = index
    return index


def forget_index(database: Database, survey_id: str) -> None:
    """Drop the survey's index from memory, as a new process would begin."""
    with _registry:
        _held.pop((database.engine.url, survey_id), None)


def _keep_snapshot(path: Path, held: _Held, before: AnswerIndex, index: AnswerIndex, connection: Connection) -> None:
    """Write the snapshot where it has become old, and at once where a return was taken back: nothing keeps that."""
    was_withdrawn = not before.live.issubset(index.live)
    if was_withdrawn:
        remove_snapshot(path)
        held.saved = 0
    returns = len(index.live)
    if returns >= SNAPSHOT_FROM and index.revision - held.saved >= max(1, int(returns * STALE_SHARE)):
        save_snapshot(path, index, connection)
        held.saved = index.revision


class _QuestionnaireShelf:
    """Questionnaires by version. Every version that has returns is the version of a round."""

    def __init__(self, connection: Connection, survey_id: str) -> None:
        self._connection = connection
        self._survey_id = survey_id
        self._rounds: dict[str, Round] | None = None
        self._found: dict[str, Questionnaire] = {}

    def __call__(self, version: str) -> Questionnaire:
        found = self._found.get(version)
        if found is None:
            if self._rounds is None:
                rounds = list_rounds(self._connection, self._survey_id)
                self._rounds = {round_.questionnaire_version: round_ for round_ in rounds}
            found = self._found[version] = load_questionnaire_of(self._connection, self._rounds[version])
        return found
