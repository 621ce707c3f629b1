"""Rows that leave in no order."""

from __future__ import annotations

from pathlib import Path

from surveyapp.reports.exports.columns import Missing
from surveyapp.reports.exports.disorder import put_out_of_order
from tests.reports.exports.odd_rows import ODD_TEXTS


def test_one_order_is_drawn_for_all_rows() -> None:
    """Of 30,000 rows the last tenth came from everywhere, not from a stretch at the end."""
    count = 30_000
    shown = [row[0] for row in put_out_of_order([number] for number in range(count))]
    assert sorted(shown, key=int) == list(range(count))
    for part in (shown[: count // 10], shown[-count // 10 :]):
        early = sum(int(number) < count // 2 for number in part)
        assert 0.4 < early / len(part) < 0.6, "of 3,000 drawn at random, 11 standard deviations"


def test_cells_come_back_as_they_were() -> None:
    cells = [*ODD_TEXTS, *Missing, 0, 1, "", ".w", "\u2028"]
    ((*found,),) = put_out_of_order([cells])
    assert found == cells and [type(cell) for cell in found] == [type(cell) for cell in cells]


def test_what_waited_is_gone(tmp_path: Path) -> None:
    rows = put_out_of_order(([str(number)] for number in range(50)), tmp_path)
    assert next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []
