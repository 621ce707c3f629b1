"""A round of which files leave, and a reader who has all of them.

The reader knows of every company what describes it, when it answered, edited and withdrew, and in which files it is. Of
the files it sees the lines; each carries a word of its company's own that no edit changes, so that the lines of one
return are found again in every file, the worst that can be. A line is betrayed where fewer than k companies fit it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import func, select, update

from surveyapp.analysis.deidentification import QUASI_IDENTIFIERS, Deidentification
from surveyapp.analysis.file_memory import FileGround, preview_file, release_file
from surveyapp.analysis.redaction import Redactor
from surveyapp.fieldwork.return_stream import stream_returns
from surveyapp.fieldwork.rounds import find_round
from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.records.change_feed import take_revision
from surveyapp.records.tables import deidentified_file, response
from surveyapp.reports.exports.columns import Missing
from surveyapp.reports.exports.deidentified import build_deidentified_table
from surveyapp.reports.exports.row_table import RowTable
from tests.analysis.returns import Field

K = 5
NAMES = frozenset(name for names in QUASI_IDENTIFIERS for name in names)
OWN_WORD = "ft_ask_ministry"
BIO: Mapping[str, Stored] = {"company_type": "bio"}


class Desk:
    """A round of which files leave, and what the reader knows of everybody at each of them."""

    def __init__(self, field: Field, *, counts_companies: bool = False) -> None:
        self.field = field
        self.round_id = field.add_round(counts_companies=counts_companies)
        self.words: dict[int, str] = {}
        self.edits: Counter[int] = Counter()
        self.files: list[dict[str, tuple[object, ...]]] = []  # own word -> what the line shows
        self.editions: list[dict[str, int]] = []

    def add(self, answers: Mapping[str, Stored] | None = None, *, company_id: int | None = None) -> int:
        word = write_word(len(self.words))
        number = self.field.add(self.round_id, {**(answers or {}), OWN_WORD: word}, company_id=company_id)
        self.words[number] = word
        return number

    def fill(self, count: int, answers: Mapping[str, Stored] | None = None) -> list[int]:
        return [self.add(answers) for _ in range(count)]

    def edit(self, number: int, answers: Mapping[str, Stored] | None = None) -> None:
        self.field.clock += timedelta(minutes=1)
        self.edits[number] += 1
        self.field.edit(number, {**(answers or {}), OWN_WORD: self.words[number], "pmda_contact": "none"})

    def withdraw(self, number: int) -> None:
        self.field.clock += timedelta(minutes=1)
        self.field.withdraw(number)

    def open(self, use: Callable[[FileGround], Deidentification]) -> tuple[Deidentification, RowTable]:
        """What is decided, and the table, both from one reading transaction."""
        index = self.field.refresh()
        with self.field.database.read() as connection:
            survey_round = find_round(connection, self.field.survey_id, "2026")
            decided = use(FileGround(connection, survey_round, self.field.questionnaire, index))
            returns = list(stream_returns(connection, self.field.survey_id, self.round_id))
        questionnaire = self.field.questionnaire
        return decided, build_deidentified_table(lambda: returns, questionnaire, survey_round, decided, Redactor(()))

    def release(self) -> Deidentification:
        self.field.clock += timedelta(minutes=1)
        decided, table = self.open(
            lambda ground: release_file(self.field.database, ground, actor="analyst@example.com", now=self.field.clock)
        )
        self.files.append(read_lines(table, self.field.questionnaire))
        self.editions.append({word: self.edits[number] for number, word in self.words.items()})
        return decided

    def preview(self) -> Deidentification:
        return self.open(preview_file)[0]

    def count_files(self) -> int:
        with self.field.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(deidentified_file)) or 0


def write_word(place: int) -> str:
    return "".join(chr(ord("가") + 28 * int(digit)) for digit in f"{place:04d}")


def read_lines(table: RowTable, questionnaire: Questionnaire) -> dict[str, tuple[object, ...]]:
    """What each line shows of its company, by the word it is found again by: describing answers, and what was asked."""
    known = {*NAMES, "consent_participate"}
    own = next(place for place, column in enumerate(table.columns) if column.name == OWN_WORD)
    shown: list[tuple[int, bool]] = []
    for place, column in enumerate(table.columns):
        if column.question is None or column.question.kind == "calculate":
            continue
        conditions = [each.relevant for each in column.question.groups] + [column.question.relevant]
        read = {name for condition in conditions if condition is not None for name in condition.names}
        if column.question.name in NAMES or (read and read <= known):
            shown.append((place, column.question.name not in NAMES))
    return {
        str(row[own]): tuple(row[place] is Missing.NOT_ASKED if asked else row[place] for place, asked in shown)
        for row in table.read_rows()
    }


def release_now(desk: Desk) -> Deidentification:
    with desk.field.database.read() as connection:
        survey_round = find_round(connection, desk.field.survey_id, "2026")
        ground = FileGround(connection, survey_round, desk.field.questionnaire, desk.field.index)
        return release_file(desk.field.database, ground, actor="ana@example.com", now=desk.field.clock)


def touch(desk: Desk, numbers: list[int]) -> None:
    """Let returns have a new revision with the answers that they had."""
    with desk.field.database.write() as connection:
        for number in numbers:
            revision = take_revision(connection, desk.field.survey_id)
            connection.execute(update(response).where(response.c.number == number).values(revision=revision))


def find_betrayed(desk: Desk) -> list[str]:
    """Lines that fewer than k companies fit."""
    return [*_read_as_one(desk), *_read_by_edition(desk)]


def _read_as_one(desk: Desk) -> list[str]:
    """By a reader who knows the lines of a company again though they were edited, and sees that they were."""
    fits: defaultdict[tuple[object, ...], list[str]] = defaultdict(list)
    for word in desk.words.values():
        shown = [file.get(word) for file in desk.files]
        held = [edition[word] for edition, line in zip(desk.editions, shown, strict=False) if line is not None]
        if held:
            fits[*shown, *(before == after for before, after in pairwise(held))].append(word)
    return [word for words in fits.values() if len(words) < K for word in words]


def _read_by_edition(desk: Desk) -> list[str]:
    """By one to whom an edited line is another line."""
    fits: defaultdict[tuple[object, ...], list[str]] = defaultdict(list)
    for word in desk.words.values():
        for edition in {held[word] for held in desk.editions if word in held}:
            shown = tuple(
                file.get(word) if held.get(word) == edition else None
                for file, held in zip(desk.files, desk.editions, strict=True)
            )
            if any(line is not None for line in shown):
                fits[shown].append(word)
    return [word for words in fits.values() if len(words) < K for word in words]
