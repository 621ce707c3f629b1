from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.reports.safe_text import make_text_safe, write_text_cell


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "+82 10",
        "-5 %",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "  =1",
        "\n=1",
        "\ufeff=1",
        "\u200b=1",
        "\u00a0=1",
        "\u3000=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "−1",
    ],
)
def test_text_that_a_spreadsheet_takes_for_a_formula_is_marked(formula: str) -> None:
    assert make_text_safe(formula) == "'" + formula


@pytest.mark.parametrize("text", ["", "a=b", "5-6", "가나다", "‘quoted’", "'=1", "1 + 1", " plain", "\nplain", "（=）"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert make_text_safe(text) == text


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00")), min_size=1, max_size=5))
def test_cells_read_back_as_they_were_written(texts: list[str]) -> None:
    line = ",".join(write_text_cell(text) for text in texts) + "\r\n"
    read = next(csv.reader(io.StringIO(line, newline="")), [""])
    assert (read or [""]) == [make_text_safe(text) for text in texts]
