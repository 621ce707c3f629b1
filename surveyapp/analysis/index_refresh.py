"""From stored responses to bitmaps: reading the change feed into an answer index."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Connection, Text, case, cast, select

from surveyapp.analysis.answer_index import AnswerIndex, CompanyReturn, add_numbers, build_bitmap, remove_numbers
from surveyapp.analysis.growing_bitmaps import Growth
from surveyapp.analysis.return_readers import ReturnReader, find_layout
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.change_feed import BATCH, find_latest_revision, stream_changes
from surveyapp.records.tables import response, round_table

QuestionnaireLookup = Callable[[str], Questionnaire]  # by version
CompanyKey = tuple[int, int]  # (round, company)

# Rows gathered before they go into the bitmaps: enough to make each bitmap's share a batch, little enough to hold.
FLUSH_ROWS = 25 * BATCH

# The answers come as text and are decoded a few returns at a time: the decoder makes each name once for all of them,
# and thousands of decoded returns alive at once would keep the garbage collector busy for longer than everything else.
DECODED = 32
_COLUMNS = (
    response.c.number,
    response.c.state,
    response.c.round_id,
    response.c.questionnaire_version,
    response.c.company_id,
    response.c.mode,
    cast(response.c.answers, Text).label("answers"),
    cast(response.c.texts, Text).label("texts"),
    case((response.c.company_id.is_not(None), response.c.submitted_at)).label("submitted_at"),
)


def refresh_index(index: AnswerIndex, connection: Connection, find_questionnaire: QuestionnaireLookup) -> AnswerIndex:
    """The index up to date with the database as `connection` sees it; the given index itself where nothing changed.

    An edit or withdrawal first removes the return everywhere, so that reading a change twice does no harm. Rounds that
    are gone leave the index. A database older than the index (restored from a copy) is read anew.
    """
    latest = find_latest_revision(connection, index.survey_id)
    rounds = _load_rounds(connection, index.survey_id)
    company_rounds = frozenset(round_id for round_id, counts_companies in rounds.items() if counts_companies)
    if latest < index.revision:
        index = AnswerIndex(index.survey_id)
    is_known = index.company_rounds == company_rounds and index.rounds.keys() <= rounds.keys()
    if is_known and latest == index.revision:
        return index
    fresh = index.copy()
    touched = _change_company_rounds(fresh, company_rounds) | _drop_rounds(fresh, rounds)
    gathered = _Gathered(fresh)
    for batch in stream_changes(connection, index.survey_id, index.revision, _COLUMNS):
        touched |= _remove(fresh, build_bitmap([row.number for row in batch]))
        gathered.take(batch, find_questionnaire)
        if gathered.rows >= FLUSH_ROWS:
            touched |= gathered.flush()
    touched |= gathered.flush()
    for key in touched:
        _choose_return(fresh, key)
    fresh.revision = latest
    return fresh


def _drop_rounds(index: AnswerIndex, rounds: Container[int]) -> set[CompanyKey]:
    """Remove the returns of rounds that exist no more."""
    touched: set[CompanyKey] = set()
    for round_id in [round_id for round_id in index.rounds if round_id not in rounds]:
        touched |= _remove(index, index.rounds[round_id])
        del index.rounds[round_id]
    return touched


def _load_rounds(connection: Connection, survey_id: str) -> dict[int, bool]:
    """Whether each round of the survey counts companies."""
    rows = connection.execute(
        select(round_table.c.round_id, round_table.c.counts_companies).where(round_table.c.survey_id == survey_id)
    )
    return {row.round_id: bool(row.counts_companies) for row in rows}


def _change_company_rounds(index: AnswerIndex, company_rounds: frozenset[int]) -> set[CompanyKey]:
    """Note which rounds count companies; the companies of rounds that now do or no longer do."""
    changed = index.company_rounds ^ company_rounds
    index.company_rounds = company_rounds
    return {key for key in index.numbers_of if key[0] in changed}


def _remove(index: AnswerIndex, numbers: BitMap) -> set[CompanyKey]:
    """Take returns out of every bitmap; the companies whose returns are now fewer."""
    gone = index.live & numbers
    if not gone:
        return set()
    index.live = index.live - gone
    index.superseded = index.superseded - gone
    growth = Growth()
    for column in index.columns.values():
        column.remove(gone, growth)
    remove_numbers(index.rounds, gone)
    remove_numbers(index.versions, gone)
    remove_numbers(index.modes, gone)
    touched = set()
    for entry in [index.company_returns.pop(number) for number in gone if number in index.company_returns]:
        key = (entry.round_id, entry.company_id)
        touched.add(key)
        index.numbers_of[key] = index.numbers_of[key] - {entry.number}
        if not index.numbers_of[key]:
            del index.numbers_of[key]
    return touched


def _choose_return(index: AnswerIndex, key: CompanyKey) -> None:
    """Let one return of the company count: most asked questions answered, then the latest submitted."""
    numbers = index.numbers_of.get(key, frozenset())
    index.superseded = index.superseded - build_bitmap(numbers)
    if key[0] in index.company_rounds and len(numbers) > 1:
        entries = (index.company_returns[number] for number in numbers)
        best = max(entries, key=lambda entry: (entry.answered, entry.submitted_at, entry.number))
        index.superseded = index.superseded | build_bitmap(numbers - {best.number})


class _Gathered:
    """Returns on their way into the bitmaps of an index, a list of numbers for each."""

    def __init__(self, index: AnswerIndex) -> None:
        self.index = index
        self.rows = 0  # returns taken and not flushed yet
        self.rounds: defaultdict[int, list[int]] = defaultdict(list)
        self.modes: defaultdict[str, list[int]] = defaultdict(list)
        self.readers: dict[str, ReturnReader] = {}  # by version
        self.company_returns: list[CompanyReturn] = []

    def take(self, batch: Sequence[Sequence[Any]], find_questionnaire: QuestionnaireLookup) -> None:
        """The submitted ones of some responses, which are rows of `_COLUMNS`."""
        submitted = [row for row in batch if row[1] == "submitted"]
        for start in range(0, len(submitted), DECODED):
            rows = submitted[start : start + DECODED]
            decoded = json.loads(f"[{','.join([row[6] for row in rows])}]")
            for row, answers in zip(rows, decoded, strict=True):
                self._take_return(row, answers, find_questionnaire)

    def _take_return(
        self, row: Sequence[Any], answers: Mapping[str, Any], find_questionnaire: QuestionnaireLookup
    ) -> None:
        number, _, round_id, version, company_id, mode, _, texts_json, submitted_at = row
        reader = self.readers.get(version)
        if reader is None:
            reader = self.readers[version] = ReturnReader(find_layout(find_questionnaire(version)))
        self.rows += 1
        self.rounds[round_id].append(number)
        self.modes[mode].append(number)
        texts = json.loads(texts_json) if len(texts_json) > 2 else {}
        path = reader.read(number, answers, texts)
        if company_id is not None and submitted_at is not None:
            answered = sum(name in path.names for name in (*answers, *texts))
            self.company_returns.append(CompanyReturn(number, round_id, company_id, answered, submitted_at))

    def flush(self) -> set[CompanyKey]:
        """Put everything gathered into the bitmaps; the companies with new returns."""
        index = self.index
        for round_id, numbers in self.rounds.items():
            added = build_bitmap(numbers)
            add_numbers(index.rounds, round_id, added)
            index.live = index.live | added
        self.rounds.clear()
        for mode, numbers in self.modes.items():
            add_numbers(index.modes, mode, build_bitmap(numbers))
        self.modes.clear()
        for version, reader in self.readers.items():
            add_numbers(index.versions, version, build_bitmap(reader.numbers))
            reader.flush(index)
        touched = self._flush_companies()
        self.company_returns.clear()
        self.rows = 0
        return touched

    def _flush_companies(self) -> set[CompanyKey]:
        touched = set()
        for entry in self.company_returns:
            key = (entry.round_id, entry.company_id)
            self.index.company_returns[entry.number] = entry
            self.index.numbers_of[key] = self.index.numbers_of.get(key, frozenset()) | {entry.number}
            touched.add(key)
        return touched
