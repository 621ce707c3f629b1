"""Released figures in the words of a briefing: counts before percentages, every hidden one with its reason."""

from __future__ import annotations

import unicodedata

from surveyapp.analysis.disclosure import Hidden, ReleasedFigure
from surveyapp.analysis.masks import Origin
from surveyapp.reports.released_words import name_hidden
from surveyapp.reports.tables import Cell
from surveyapp.reports.words import BLANK, Words


def write_counts(words: Words, origin: Origin, figure: ReleasedFigure) -> str:
    """`12 of 30 companies (40.0%)`, in Korean `12개사/30개사 (40.0%)`, in Japanese `12社/30社 (40.0%)`."""
    params = {
        "count": words.number(figure.count),
        "base": words.number(figure.base),
        "share": words.percent(figure.value, 1),
    }
    if origin.unit == "companies":
        return words.gettext("%(count)s of %(base)s companies (%(share)s)", **params)
    return words.gettext("%(count)s of %(base)s returns (%(share)s)", **params)


def write_interval(words: Words, figure: ReleasedFigure) -> str:
    if figure.interval is None:
        return BLANK
    low, high = figure.interval
    return words.interval(low * 100, high * 100, 1, "%")


def build_counts_cell(words: Words, origin: Origin, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None:
        return build_hidden_cell(words, figure.hidden)
    return Cell(write_counts(words, origin, figure), note=write_interval(words, figure), tone="strong")


def build_mean_cell(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None:
        return build_hidden_cell(words, figure.hidden)
    return Cell(words.number(figure.value, 2), note=write_base(words, figure))


def build_part_cell(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None:
        return build_hidden_cell(words, figure.hidden)
    return Cell(words.percent(figure.value, 1), note=write_base(words, figure))


def build_index_cell(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None:
        return build_hidden_cell(words, figure.hidden)
    low, high = figure.interval or (None, None)
    return Cell(words.number(figure.value, 1), note=words.interval(low, high, 1), tone="strong")


def build_sum_cell(words: Words, figure: ReleasedFigure | None) -> Cell:
    """A sum, a dash where there is none."""
    if figure is None:
        return Cell(BLANK)
    if figure.hidden is not None:
        return build_hidden_cell(words, figure.hidden)
    return Cell(words.number(figure.value), note=write_base(words, figure))


def build_tier_cell(words: Words, figure: ReleasedFigure) -> Cell:
    return Cell(BLANK if figure.hidden is not None else words.number(figure.value))


def build_hidden_cell(words: Words, hidden: Hidden) -> Cell:
    return Cell("×", note=name_hidden(words, hidden), tone="hidden")


def write_base(words: Words, figure: ReleasedFigure) -> str:
    return f"n={words.number(figure.base)}"


def measure(text: str) -> float:
    """About how many small Latin letters are as wide as the text."""
    return sum(map(measure_letter, text))


def shorten(text: str, width: int) -> str:
    """The text, cut with "…" where it is wider than `width` small Latin letters."""
    taken = 0.0
    for place, letter in enumerate(text):
        taken += measure_letter(letter)
        if taken > width:
            return text[:place].rstrip(" ,·、") + "…"
    return text


def measure_letter(letter: str) -> float:
    """A Korean or Japanese letter is a little wider than two small Latin ones, a Latin one such as W as wide as two."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 2.2
    if letter in "WMm@%":
        return 2
    return 1.2 if letter.isupper() else 1
