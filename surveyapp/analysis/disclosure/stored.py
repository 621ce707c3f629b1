"""Released tables as JSON and back, so that what was shown once can be shown again as it was.

The only other way to a `ReleasedFigure` than the rules: one that was released before. Which types may be read follows
from the fields of the released types alone, so a stored table names no class. A figure that came to a type later has
None as its default and is left out where it is None, so that tables from before it keep their digests.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from surveyapp.analysis.disclosure.figures import Hidden, ReleasedFigure, hide_figure, make_figure
from surveyapp.analysis.disclosure.released import (
    ReleasedAreaCross,
    ReleasedField,
    ReleasedIssueTable,
    ReleasedQuestion,
    ReleasedReadiness,
)
from surveyapp.fieldwork.thresholds import Audience

Released = TypeVar(
    "Released", ReleasedIssueTable, ReleasedQuestion, ReleasedReadiness, ReleasedAreaCross, ReleasedField
)


class StoredReleaseFaulty(Exception):
    """What is stored is no released table."""


def write_released(table: Released) -> dict[str, Any]:
    """The table as JSON, without what `told` holds: that is remembered by itself."""
    return cast("dict[str, Any]", _write(table))


def read_released(kind: type[Released], content: Mapping[str, Any]) -> Released:
    """The table that was written; nothing is `told`. Raises StoredReleaseFaulty."""
    try:
        return cast("Released", _read(kind, content, Audience(content["audience"])))
    except (KeyError, TypeError, ValueError) as fault:
        raise StoredReleaseFaulty(str(fault)) from fault


def count_shown(table: object) -> int:
    """How many figures of a released table are shown."""
    return sum(figure.hidden is None for figure in list_figures(table))


def list_reasons(table: object) -> frozenset[Hidden]:
    """Why figures of a released table are hidden."""
    return frozenset(figure.hidden for figure in list_figures(table) if figure.hidden is not None)


def list_figures(table: object) -> Iterator[ReleasedFigure]:
    """Every figure of a released table."""
    if isinstance(table, ReleasedFigure):
        yield table
    elif is_dataclass(table):
        for each in fields(table):
            if each.name != "told":
                yield from list_figures(getattr(table, each.name))
    elif isinstance(table, tuple):
        for one in table:
            yield from list_figures(one)


def _write(value: object) -> object:
    if isinstance(value, ReleasedFigure):
        if value.hidden is not None:
            return value.hidden.value
        ends = value.interval
        return [_write(each) for each in (value.value, value.count, value.base, ends and ends[0], ends and ends[1])]
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        held = [(each, getattr(value, each.name)) for each in fields(value) if each.name != "told"]
        return {each.name: _write(one) for each, one in held if one is not None or each.default is not None}
    if isinstance(value, tuple):
        return [_write(each) for each in value]
    return value


def _read(hint: Any, value: Any, audience: Audience) -> Any:
    if hint is ReleasedFigure:
        return _read_figure(value, audience)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        [hint] = [each for each in inner if each is not types.NoneType]
        return None if value is None else _read(hint, value, audience)
    if origin is tuple:
        return _read_tuple(inner, value, audience)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return cast("type", hint)(**{name: _read(hints[name], each, audience) for name, each in dict(value).items()})
    return value


def _read_tuple(inner: tuple[Any, ...], value: Any, audience: Audience) -> tuple[Any, ...]:
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_read(inner[0], each, audience) for each in value)
    return tuple(_read(hint, each, audience) for hint, each in zip(inner, value, strict=True))


def _read_figure(value: Any, audience: Audience) -> ReleasedFigure:
    if isinstance(value, str):
        return hide_figure(audience, Hidden(value))
    number, count, base, low, high = value
    return make_figure(
        audience,
        value=None if number is None else Fraction(number),
        count=count,
        base=base,
        interval=None if low is None else (Fraction(low), Fraction(high)),
    )
