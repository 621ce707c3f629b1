"""Making a file that was asked for: the one function that the desk, the command and the job call."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from surveyapp.analysis.deidentification import Deidentification
from surveyapp.analysis.field_release import collect_field
from surveyapp.analysis.file_memory import FileGround, FileOvertaken, preview_file, release_file
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import build_mask
from surveyapp.analysis.ministry_release import MinistryDesk
from surveyapp.analysis.open_indexes import catch_up, open_index
from surveyapp.analysis.redaction import Redactor
from surveyapp.fieldwork.directory.known_names import list_known_names
from surveyapp.fieldwork.paradata_stream import Paradata, stream_paradata
from surveyapp.fieldwork.return_stream import SubmittedReturn, stream_returns
from surveyapp.fieldwork.rounds import Round, find_round, load_questionnaire_of
from surveyapp.locale import load_translator
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.reports.csv_export import RawKind, RawOptions, name_round_kind, stream_raw_csv
from surveyapp.reports.exports.codebook import list_codebook_headings, list_codebook_rows
from surveyapp.reports.exports.deidentified import build_deidentified_table
from surveyapp.reports.exports.methods import Method, list_methods, list_ministry_methods
from surveyapp.reports.exports.paradata import build_paradata_table
from surveyapp.reports.exports.parquet import write_parquet
from surveyapp.reports.exports.request import ExportRequest
from surveyapp.reports.exports.row_table import (
    ExportRefused,
    RowTable,
    TableOptions,
    build_long_table,
    build_return_table,
)
from surveyapp.reports.exports.spss import write_spss
from surveyapp.reports.exports.table_csv import stream_table_csv
from surveyapp.reports.exports.workbook import Sheet, build_data_sheet, write_workbook
from surveyapp.reports.ministry_table import MinistryGrid, MinistryOptions, build_ministry_grid, stream_ministry_csv
from surveyapp.reports.released_methods import write_released_methods
from surveyapp.reports.words import Words

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
Read = TypeVar("Read")
NoteProgress = Callable[[int, int | None], None]  # returns read so far, and of how many


@dataclass(frozen=True, slots=True)
class Source:
    """Where returns come from. `vault` opens what names a company; `scratch` is for files on the way."""

    database: Database
    vault: Vault
    survey_id: str
    instance: Path
    scratch: Path | None = None


@dataclass(frozen=True, slots=True)
class Ground(FileGround):
    """A round as it is at one moment, and all that a file of it is made from."""

    source: Source


@dataclass(frozen=True, slots=True)
class MadeFile:
    """What was made: for the audit trail, beside the options."""

    revision: int
    counted: int
    left_out: int | None = None  # returns that a de-identified file leaves out

    def list_details(self) -> dict[str, int]:
        details = {"counted": self.counted, "revision": self.revision}
        return details if self.left_out is None else {**details, "left_out": self.left_out}


@contextmanager
def open_ground(source: Source, slug: str) -> Iterator[Ground]:
    """A round in one reading transaction. Raises `RoundUnknown`."""
    opened = open_index(source.database, source.survey_id, snapshots=source.instance)
    with source.database.read() as connection:
        survey_round = find_round(connection, source.survey_id, slug)
        questionnaire = load_questionnaire_of(connection, survey_round)
        index = catch_up(opened, connection)  # what is counted is decided by the very answers that are written
        yield Ground(connection, survey_round, questionnaire, index, source)


def is_no_room(fault: OSError) -> bool:
    """Whether a file could not be written for want of room."""
    return fault.errno in _NO_ROOM


def preview_deidentification(ground: Ground) -> Deidentification:
    """What a de-identified file would hold now. Nothing is remembered."""
    return preview_file(ground)


def refuse_empty(decided: Deidentification, survey_round: Round, now: datetime) -> None:
    """Raise `ExportRefused` where no company can be in the file: too few answered, or none can beside earlier files."""
    if decided.released:
        return
    if decided.earlier.last_at is None:
        raise ExportRefused("too_few", least=decided.k)
    is_closed = survey_round.state(now) == "closed"
    raise ExportRefused("exhausted_closed" if is_closed else "exhausted", since=decided.earlier.last_at.isoformat())


def _release_deidentification(ground: Ground, actor: str, now: datetime) -> Deidentification:
    """What the file holds. From now on it counts as given out, whatever becomes of it."""
    try:
        decided = release_file(ground.source.database, ground, actor=actor, now=now)
    except FileOvertaken as overtaken:
        raise ExportRefused("text_grew") from overtaken
    refuse_empty(decided, ground.survey_round, now)
    return decided


def make_export(
    ground: Ground,
    request: ExportRequest,
    file: BinaryIO,
    *,
    actor: str,
    now: datetime,
    note: NoteProgress | None = None,
) -> MadeFile:
    """Write the file. Raises `ExportRefused` for a form that cannot be had, `VaultFault`, and what `note` raises.

    The file may be half written when it raises: whoever calls throws it away then.
    """
    if not request.is_offered:
        raise ExportRefused("not_offered")
    words = Words(request.language, load_translator(request.language))
    made = MadeFile(ground.index.revision, len(ground.counted))
    if request.kind == "ministry":
        return _write_ministry(ground, request, words, file, actor=actor, now=now)
    decided = _release_deidentification(ground, actor, now) if request.kind == "deidentified" else None
    if decided is not None:
        made = replace(made, left_out=decided.left_out)
    progress = _Progress(note, len(ground.counted))
    if request.kind in ("raw", "identified") and request.layout == "wide" and request.format.startswith("csv"):
        _write_raw_csv(ground, request, words, file, progress)
        return made
    table = _build_table(ground, request, decided, progress)
    _write_table(ground, request, words, table, progress, file, now, decided)
    return made


def _write_raw_csv(ground: Ground, request: ExportRequest, words: Words, file: BinaryIO, progress: _Progress) -> None:
    kind = cast(RawKind, request.kind)
    options = RawOptions(words, request.with_labels, kind, is_plain=request.format == "csv-plain")
    returns = progress.watch(_read_returns(ground, with_names=kind == "identified")())
    for chunk in stream_raw_csv(returns, ground.questionnaire, ground.survey_round, options, counted=ground.counted):
        file.write(chunk)


def _build_table(
    ground: Ground, request: ExportRequest, decided: Deidentification | None, progress: _Progress
) -> RowTable:
    survey_round, questionnaire = ground.survey_round, ground.questionnaire
    if request.kind == "paradata":
        return build_paradata_table(_read_paradata(ground), survey_round)
    if decided is not None:
        redactor = Redactor(list_known_names(ground.connection, ground.source.survey_id))
        progress.expect_readings(2)  # before a row is written all are put out of order
        read_opened = _read_returns(ground, with_names=True, with_contact=True)
        return build_deidentified_table(
            lambda: progress.watch(read_opened()),
            questionnaire,
            survey_round,
            decided,
            redactor,
            scratch=ground.source.scratch,
        )
    kind = cast(RawKind, request.kind)
    read_returns = _read_returns(ground, with_names=kind == "identified")
    words = Words(request.language, load_translator(request.language))
    shown = name_round_kind(words, survey_round) if request.with_labels else survey_round.kind
    return build_return_table(read_returns, questionnaire, survey_round, kind, counted=ground.counted, round_kind=shown)


def _read_returns(
    ground: Ground, *, with_names: bool, with_contact: bool = False
) -> Callable[[], Iterator[SubmittedReturn]]:
    round_id, survey_id = ground.survey_round.round_id, ground.source.survey_id
    vault = ground.source.vault if with_names else None
    return lambda: stream_returns(ground.connection, survey_id, round_id, vault=vault, with_contact=with_contact)


def _read_paradata(ground: Ground) -> Callable[[], Iterator[Paradata]]:
    return lambda: stream_paradata(ground.connection, ground.source.survey_id, ground.survey_round.round_id)


class _Progress:
    """How far a file is: rows that were read, of so many in all readings."""

    def __init__(self, note: NoteProgress | None, total: int) -> None:
        self._note = note
        self._done = 0
        self._total = total

    def expect_readings(self, count: int) -> None:
        self._total *= count

    def watch(self, rows: Iterable[Read]) -> Iterator[Read]:
        for row in rows:
            self._done += 1
            if self._note is not None:
                self._note(min(self._done, self._total), self._total)
            yield row


def _write_table(
    ground: Ground,
    request: ExportRequest,
    words: Words,
    rows: RowTable,
    progress: _Progress,
    file: BinaryIO,
    now: datetime,
    decided: Deidentification | None,
) -> None:
    options = TableOptions(words, request.with_labels)
    title = words.text(ground.survey_round.title) or ground.survey_round.slug
    wide = RowTable(rows.columns, lambda: progress.watch(rows.read_rows()))
    table = build_long_table(wide, words) if request.layout == "long" else wide
    match request.format:
        case "sav":
            progress.expect_readings(2)
            write_spss(table, file, options, title=title, now=now)
        case "parquet":
            write_parquet(table, file, options, title=title)
        case "xlsx":
            methods = list_methods(words, ground.questionnaire, ground.survey_round, request, ground.index, decided)
            sheets = [
                build_data_sheet(words.gettext("Data"), table, options),
                _build_methods_sheet(words, methods),
                Sheet(
                    words.gettext("Codebook"),
                    list_codebook_headings(words),
                    list_codebook_rows(wide.columns, words),
                    (True,) * 7,
                    is_wrapped=True,
                ),
            ]
            write_workbook(file, sheets, title=title, now=now, scratch=ground.source.scratch)
        case _:
            for chunk in stream_table_csv(table, options, is_plain=request.format == "csv-plain"):
                file.write(chunk)


def _build_methods_sheet(words: Words, methods: Iterable[Method]) -> Sheet:
    headings = (words.gettext("What"), words.gettext("How"))
    rows = ((method.what, method.how) for method in methods)
    return Sheet(words.gettext("Methods"), headings, rows, (True, True), is_wrapped=True)


def _write_ministry(
    ground: Ground, request: ExportRequest, words: Words, file: BinaryIO, *, actor: str, now: datetime
) -> MadeFile:
    """The table of issues as released figures, with the reason for every hidden one."""
    survey_round, questionnaire = ground.survey_round, ground.questionnaire
    mask = build_mask(ground.index, questionnaire, survey_round.round_id)
    ranking = rank_issues(ground.index, questionnaire, load_taxonomy(), mask)
    ministry = MinistryDesk(ground.source.database, now, actor=actor)
    sets = collect_field(ground.connection, survey_round, mask.numbers)
    table, methods = ministry.give_with_methods(survey_round, ranking, sets)
    options = MinistryOptions(words, request.with_labels, write_released_methods(words, survey_round, methods))
    made = MadeFile(table.origin.revision, mask.size)
    if request.format != "xlsx":
        is_plain = request.format == "csv-plain"
        for chunk in stream_ministry_csv(table, survey_round, questionnaire, options, is_plain=is_plain):
            file.write(chunk)
        return made
    grid = build_ministry_grid(table, survey_round, questionnaire, options)
    how = list_ministry_methods(words, questionnaire, survey_round, ground.index)
    hidden = ((each.row, each.cells, each.reason) for each in grid.hidden)
    headings = (words.gettext("Issue"), words.gettext("Which figure"), words.gettext("Why hidden"))
    sheets = [
        _build_ministry_sheet(words, grid),
        _build_methods_sheet(words, how),
        Sheet(words.gettext("Hidden cells"), headings, hidden, (True, True, True), is_wrapped=True),
    ]
    title = words.text(survey_round.title) or survey_round.slug
    write_workbook(file, sheets, title=title, now=now, scratch=ground.source.scratch)
    return made


def _build_ministry_sheet(words: Words, grid: MinistryGrid) -> Sheet:
    """The grid with the names of area and issue in front, since a row of an area has no issue: paper repeats, and the
    screen holds, only columns that stand side by side."""
    rest = (place for place in range(len(grid.headings)) if place not in grid.names)
    places = (*grid.names, *rest)
    headings = tuple(grid.headings[place] for place in places)
    rows = [[row[place] for place in places] for row in grid.rows]
    texts = tuple(not any(isinstance(row[place], (int, Decimal)) for row in rows) for place in range(len(places)))
    return Sheet(words.gettext("Data"), headings, rows, texts, key=len(grid.names))
