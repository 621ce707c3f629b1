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
    held = _find_held(database, survey_id)
    path = None if snapshots is None else _name_snapshot(snapshots, survey_id)
    with held.lock, database.read() as connection:
        return _bring_up_to_date(held, survey_id, path, connection)


def catch_up(index: AnswerIndex, connection: Connection) -> AnswerIndex:
    """An index that was opened before the connection's transaction, as of that transaction."""
    return refresh_index(index, connection, _QuestionnaireShelf(connection, index.survey_id))


def save_index(database: Database, survey_id: str, *, snapshots: Path) -> AnswerIndex:
    """The survey's index, up to date, and its snapshot written now, however few the returns are."""
    held = _find_held(database, survey_id)
    path = _name_snapshot(snapshots, survey_id)
    with held.lock:
        with database.read() as connection:
            index = _bring_up_to_date(held, survey_id, path, connection)
            if held.saved != index.revision or not path.exists():
                save_snapshot(path, index, connection)
                held.saved = index.revision
        # A return withdrawn meanwhile made another process remove the file that was then put into its place again.
        with database.read() as connection:
            return _bring_up_to_date(held, survey_id, path, connection)


def rebuild_snapshot(database: Database, survey_id: str, *, snapshots: Path) -> None:
    """Replace the snapshot, where there is one, by one of the returns as they are now: nothing erased stays in it."""
    path = _name_snapshot(snapshots, survey_id)
    held = _find_held(database, survey_id)
    with held.lock:
        was_there = path.exists()
        remove_snapshot(path)
        held.saved = 0
    if was_there:
        save_index(database, survey_id, snapshots=snapshots)


def forget_index(database: Database, survey_id: str) -> None:
    """Drop the survey's index from memory, as a new process would begin."""
    with _registry:
        _held.pop((database.engine.url, survey_id), None)


def _find_held(database: Database, survey_id: str) -> _Held:
    with _registry:
        return _held.setdefault((database.engine.url, survey_id), _Held())


def _name_snapshot(snapshots: Path, survey_id: str) -> Path:
    return snapshots / f"{survey_id}.index"


def _bring_up_to_date(held: _Held, survey_id: str, path: Path | None, connection: Connection) -> AnswerIndex:
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
