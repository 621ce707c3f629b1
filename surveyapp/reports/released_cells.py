"""Cells of tables of released figures, and the facts above them; a hidden figure is a cross with its reason."""

from __future__ import annotations

from surveyapp.analysis.disclosure import Hidden, ReleasedFigure
from surveyapp.analysis.masks import Origin
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.reports.cards import Fact, Source
from surveyapp.reports.readiness_report import write_net
from surveyapp.reports.released_words import describe_audience, name_hidden
from surveyapp.reports.tables import Cell, find_heat_tone
from surveyapp.reports.words import BLANK, Words


def list_released_facts(
    origin: Origin, audience: Audience, source: Source, *, base: str, method: str
) -> tuple[Fact, ...]:
    words = source.words
    facts = source.list_facts(origin, base=base, method=method)
    return (*facts, Fact(words.gettext("Released for"), describe_audience(words, audience)))


def build_share_cell(words: Words, figure: ReleasedFigure, *, is_heat: bool = False) -> Cell:
    if figure.hidden is not None:
        return _build_hidden_cell(words, figure.hidden)
    return Cell(
        words.percent(figure.value),
        note=f"{figure.count or 0:,}/{figure.base or 0:,}",
        tone=find_heat_tone(figure.value) if is_heat else "",
    )


def build_interval_cell(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None or figure.interval is None:
        return Cell("×" if figure.hidden else BLANK, tone="hidden" if figure.hidden else "")
    return Cell(words.interval(figure.interval[0] * 100, figure.interval[1] * 100, unit="%"))


def build_number_cell(words: Words, figure: ReleasedFigure, digits: int = 1, *, why: bool = True) -> Cell:
    if figure.hidden is not None:
        return Cell("×", note=name_hidden(words, figure.hidden) if why else "", tone="hidden")
    return Cell(words.number(figure.value, digits))


def build_sum_cell(words: Words, figure: ReleasedFigure | None) -> Cell:
    """A sum with the number of companies it rests on; a dash where there is none."""
    if figure is None:
        return Cell(BLANK)
    if figure.hidden is not None:
        return _build_hidden_cell(words, figure.hidden)
    return Cell(words.number(figure.value), note=f"n={figure.base or 0:,}")


def build_net_cell(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None:
        return _build_hidden_cell(words, figure.hidden)
    return Cell(write_net(words, figure.value))


def build_index_cell(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None:
        return _build_hidden_cell(words, figure.hidden)
    low, high = figure.interval or (None, None)
    return Cell(words.number(figure.value, 1), note=words.interval(low, high, 1), tone="strong")


def _build_hidden_cell(words: Words, hidden: Hidden) -> Cell:
    return Cell("×", note=name_hidden(words, hidden), tone="hidden")
