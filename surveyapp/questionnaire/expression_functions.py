"""ODK's functions that XPath 1.0 lacks or has with another arity, for lxml under a namespace of our own.

Each takes lxml's context (unused) and XPath values: text, number, yes/no or a list of nodes. None of them raises.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, DecimalException

from surveyapp.questionnaire.faults import PatternFault
from surveyapp.questionnaire.patterns import compile_pattern

NAMESPACE = "urn:surveyapp:odk"

_EXACT_BELOW = 1e15
_MOST_DIGITS = 20
_NUMBER = re.compile(r"[ \t\r\n]*(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))[ \t\r\n]*")


def format_number(value: float) -> str:
    """A number as XPath 1.0 writes it: `84` not `84.0`, no exponent, `NaN`, `Infinity`.

    libxml2 itself would write numbers above 10⁹ with an exponent.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < _EXACT_BELOW:
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def read_number(text: str) -> float:
    """A text as XPath 1.0 reads a number; not a number (NaN) for anything else, a blank among it."""
    found = _NUMBER.fullmatch(text)
    return float(found[1]) if found else math.nan


def to_text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_number(float(value))
    if isinstance(value, list):
        return (value[0] if isinstance(value[0], str) else "".join(value[0].itertext())) if value else ""
    return ""


def to_number(value: object) -> float:
    if isinstance(value, int | float):
        return float(value)
    return read_number(to_text(value))


def to_boolean(value: object) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value)


def round_number(value: float, digits: float) -> float:
    """Half-up (away from zero) to a number of decimals, on the digits a person sees: 41.25 → 41.3, 2.675 → 2.68."""
    if math.isnan(value) or math.isinf(value) or math.isnan(digits) or math.isinf(digits):
        return value
    places = max(-_MOST_DIGITS, min(_MOST_DIGITS, int(digits)))
    try:
        return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    except DecimalException:  # more digits than a decimal holds: there is nothing to round
        return value


def _choose(_context: object, condition: object, first: object, second: object) -> object:
    return first if to_boolean(condition) else second


def _coalesce(_context: object, first: object, second: object) -> object:
    return first if to_text(first) != "" else second


def _write_text(_context: object, value: object) -> str:
    return to_text(value)


def _round(_context: object, value: object, digits: object) -> float:
    return round_number(to_number(value), to_number(digits))


def _match(_context: object, text: object, pattern: object) -> bool:
    try:
        return compile_pattern(to_text(pattern)).matches(to_text(text))
    except PatternFault:  # the checker has compiled every pattern before
        return False


def _select_at(_context: object, selection: object, index: object) -> str:
    names = to_text(selection).split()
    position = to_number(index)
    if math.isnan(position) or not 0 <= position < len(names):
        return ""
    return names[int(position)]


def _end_with(_context: object, text: object, end: object) -> bool:
    return to_text(text).endswith(to_text(end))


def _cut(_context: object, text: object, begin: object, end: object = math.inf) -> str:
    """Characters from `begin` (counted from 0) up to but without `end`, as ODK counts."""
    plain = to_text(text)
    first, last = to_number(begin), to_number(end)
    if math.isnan(first) or math.isnan(last):
        return ""
    low = max(0, int(max(first, 0))) if math.isfinite(first) else (0 if first < 0 else len(plain))
    high = len(plain) if last > len(plain) else max(0, int(last))
    return plain[low:high]


def _truncate(_context: object, value: object) -> float:
    number = to_number(value)
    return float(math.trunc(number)) if math.isfinite(number) else number


def _find_magnitude(_context: object, value: object) -> float:
    return abs(to_number(value))


def _find_least(_context: object, *values: object) -> float:
    numbers = [to_number(value) for value in values]
    return math.nan if any(math.isnan(number) for number in numbers) else min(numbers)


def _find_most(_context: object, *values: object) -> float:
    numbers = [to_number(value) for value in values]
    return math.nan if any(math.isnan(number) for number in numbers) else max(numbers)


_FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "if": _choose,
    "coalesce": _coalesce,
    "text": _write_text,
    "round": _round,
    "regex": _match,
    "selected-at": _select_at,
    "ends-with": _end_with,
    "substr": _cut,
    "int": _truncate,
    "abs": _find_magnitude,
    "min": _find_least,
    "max": _find_most,
}
EXTENSIONS: Mapping[tuple[str, str], Callable[..., object]] = {
    (NAMESPACE, name): function for name, function in _FUNCTIONS.items()
}
