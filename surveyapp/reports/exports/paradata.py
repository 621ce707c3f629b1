"""The table of paradata: how returns came about, apart from what was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from surveyapp.fieldwork.paradata_stream import Paradata
from surveyapp.fieldwork.rounds import Round
from surveyapp.reports.csv_export import write_time
from surveyapp.reports.exports.columns import Column, Missing
from surveyapp.reports.exports.row_layout import Cell
from surveyapp.reports.exports.row_table import Row, RowTable

# Its columns, and whether they are numbers.
FACTS = {
    "number": False,
    "round": False,
    "round_kind": False,
    "state": False,
    "language": False,
    "mode": False,
    "started_at": False,
    "submitted_at": False,
    "edited_at": False,
    "minutes": True,
    "saves": True,
    "last_page": False,
}
MINUTE = 60
COLUMNS = tuple(
    Column(
        code,
        code,
        "fact",
        measure="scale" if is_number else "nominal",
        missing=(Missing.NOT_ASKED,) if code == "minutes" else (),
        is_number=is_number,
    )
    for code, is_number in FACTS.items()
)


def build_paradata_table(read_paradata: Callable[[], Iterable[Paradata]], survey_round: Round) -> RowTable:
    """One row for each return that was begun. A return still open has no number and no minutes."""

    def read_rows() -> Iterator[Row]:
        for each in read_paradata():
            yield (
                Missing.NOT_ASKED if each.number is None else str(each.number),
                survey_round.slug,
                survey_round.kind,
                each.state,
                each.language,
                each.mode,
                write_time(each.started_at),
                _write_time(each.submitted_at),
                _write_time(each.edited_at),
                _count_minutes(each),
                each.saves,
                each.last_page or Missing.NOT_ASKED,
            )

    return RowTable(COLUMNS, read_rows)


def _write_time(moment: datetime | None) -> Cell:
    return Missing.NOT_ASKED if moment is None else write_time(moment)


def _count_minutes(each: Paradata) -> Cell:
    """Whole minutes, pauses among them: nobody knows how long a person was away."""
    if each.submitted_at is None:
        return Missing.NOT_ASKED
    return round((each.submitted_at - each.started_at).total_seconds() / MINUTE)
