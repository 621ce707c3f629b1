"""SPSS system files (.sav), row by row in flat memory.

Written here and not by a library: pyreadstat holds the whole table in memory and cannot write multiple-response sets.
The layout is that of the PSPP developers' guide, "System File Format"; the tests read every file back with ReadStat,
which knows nothing of this code. Compressed by the format's own byte codes; the number of cases is put in at the end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal

LONGEST_STRING = 32_767  # bytes of UTF-8
LONGEST_LABEL = 255  # of a variable
LONGEST_VALUE_LABEL = 120
SHORT_STRING = 255  # what is wider is kept in segments
_SEGMENT = 252  # bytes that a segment counts for
_LONGEST_FILE_LABEL = 64
_BIAS = 100
_SYSMIS = -1.7976931348623157e308
_HIGHEST = 1.7976931348623157e308
_LOWEST = -1.7976931348623155e308
_CASES_AT = 80  # where in the file the number of cases stands
_LITERAL, _SPACES = 253, 254
_MEASURES = {"nominal": 1, "ordinal": 2, "scale": 3}
_DISPLAYED = 12  # characters of a column on screen

SpssMeasure = Literal["nominal", "ordinal", "scale"]


@dataclass(frozen=True, slots=True)
class SpssVariable:
    """`width` is 0 for a number, else the bytes of a string.

    `missing` are the strings, or the ends of the range of numbers, that are user-missing; `labels` are those of
    numbers.
    """

    name: str
    label: str
    measure: SpssMeasure
    width: int = 0
    digits: int = 8  # characters that the largest number takes
    decimals: int = 0
    labels: Mapping[int, str] | None = None
    missing: tuple[int, int] | None = None
    missing_strings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseSet:
    """A multiple-response set of dichotomies: its variables hold 1 where the choice was ticked."""

    name: str
    label: str
    variables: tuple[str, ...]


class SpssWriter:
    """Writes the dictionary when made, then the cases; `close` completes the file, which must be seekable."""

    def __init__(
        self,
        file: BinaryIO,
        variables: Sequence[SpssVariable],
        sets: Sequence[ResponseSet],
        *,
        title: str,
        now: datetime,
    ) -> None:
        self._file = file
        self._start = file.tell()
        self._cases = 0
        self._codes = bytearray()
        self._literals: list[bytes] = []
        self._variables = variables
        self._pieces: list[dict[object, tuple[bytes, tuple[bytes, ...]]]] = [{} for _ in variables]
        places = _place_variables(variables)
        file.write(_write_header(places[-1].after if places else 0, title, now))
        for variable, place in zip(variables, places, strict=True):
            file.write(_write_variable(variable, place))
        for variable, place in zip(variables, places, strict=True):
            if variable.labels:
                file.write(_write_value_labels(variable.labels, place.index))
        file.write(_write_extensions(variables, places, sets))
        file.write(struct.pack("<ii", 999, 0))

    def write_case(self, values: Sequence[float | int | str]) -> None:
        """One case; the strings must fit the widths of their variables."""
        codes = self._codes
        for variable, known, value in zip(self._variables, self._pieces, values, strict=True):
            piece = known.get(value)
            if piece is None:
                piece = _encode(variable, value)
                if len(known) < 512:
                    known[value] = piece
            codes += piece[0]
            self._literals += piece[1]
        self._cases += 1
        if len(codes) >= 1 << 14:
            self._flush(len(codes) // 8 * 8)

    def close(self) -> None:
        self._codes += bytes(-len(self._codes) % 8)
        self._flush(len(self._codes))
        end = self._file.tell()
        self._file.seek(self._start + _CASES_AT)
        self._file.write(struct.pack("<i", self._cases))
        self._file.seek(end)

    def _flush(self, size: int) -> None:
        """Byte codes in groups of eight, after each the literal values that its codes announce."""
        written, taken = bytearray(), 0
        literals = self._literals
        for start in range(0, size, 8):
            group = self._codes[start : start + 8]
            written += group
            count = group.count(_LITERAL)
            if count:
                written += b"".join(literals[taken : taken + count])
                taken += count
        self._file.write(written)
        del self._codes[:size]
        del literals[:taken]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a variable stands in the dictionary: `index` counts from 1 in elements of eight bytes."""

    index: int
    after: int  # elements up to and including this variable
    short: str
    segments: tuple[int, ...]  # widths of the variables that hold it


def _place_variables(variables: Sequence[SpssVariable]) -> list[_Place]:
    places, elements, number = [], 0, 0
    for variable in variables:
        segments = _cut_width(variable.width)
        after = elements + sum(max(1, _count_elements(width)) for width in segments)
        places.append(_Place(elements + 1, after, f"V{number + 1}", segments))
        elements, number = after, number + len(segments)
    return places


def _cut_width(width: int) -> tuple[int, ...]:
    if width <= SHORT_STRING:
        return (width,)
    count = -(-width // _SEGMENT)
    return (*([SHORT_STRING] * (count - 1)), width - (count - 1) * _SEGMENT)


def _count_elements(width: int) -> int:
    return -(-width // 8)


def _encode(variable: SpssVariable, value: float | int | str) -> tuple[bytes, tuple[bytes, ...]]:
    if not variable.width:
        number = float(value)
        if number.is_integer() and 1 - _BIAS <= number <= 251 - _BIAS:
            return bytes((int(number) + _BIAS,)), ()
        return bytes((_LITERAL,)), (struct.pack("<d", number),)
    text = str(value).encode()
    if len(text) > variable.width:
        raise ValueError(f"{variable.name} holds {variable.width} bytes")
    codes, literals = bytearray(), []
    for stored in _cut_text(text, variable.width):
        for start in range(0, len(stored), 8):
            part = stored[start : start + 8]
            if part == b"        ":
                codes.append(_SPACES)
            else:
                codes.append(_LITERAL)
                literals.append(part)
    return bytes(codes), tuple(literals)


def _cut_text(text: bytes, width: int) -> Iterable[bytes]:
    """The text as it is stored: each segment but the last holds 255 bytes, and all are filled to whole elements."""
    for place, segment in enumerate(_cut_width(width)):
        part = text[place * SHORT_STRING : (place + 1) * SHORT_STRING]
        yield part.ljust(_count_elements(segment) * 8)


def _write_header(elements: int, title: str, now: datetime) -> bytes:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return struct.pack(
        "<4s60siiiiid9s8s64s3s",
        b"$FL2",
        b"@(#) SPSS DATA FILE surveyapp".ljust(60),
        2,
        elements,
        1,
        0,
        0,
        float(_BIAS),
        f"{now.day:02d} {months[now.month - 1]} {now.year % 100:02d}".encode(),
        f"{now:%H:%M:%S}".encode(),
        cut_bytes(title, _LONGEST_FILE_LABEL).ljust(_LONGEST_FILE_LABEL),
        b"   ",
    )


def _write_variable(variable: SpssVariable, place: _Place) -> bytes:
    written = bytearray()
    number = int(place.short[1:])
    for count, width in enumerate(place.segments):
        label = cut_bytes(variable.label, LONGEST_LABEL) if not count else b""
        missing = b"" if count else _write_missing(variable)
        kind, digits, decimals = (1, width, 0) if variable.width else (5, variable.digits, variable.decimals)
        shape = kind << 16 | digits << 8 | decimals
        missing_count = 0 if not missing else len(variable.missing_strings) or -2
        short = f"V{number + count}".encode().ljust(8)
        written += struct.pack("<iiiiii8s", 2, width, 1 if label else 0, missing_count, shape, shape, short)
        if label:
            written += struct.pack("<i", len(label)) + label.ljust(-(-len(label) // 4) * 4)
        written += missing
        for _ in range(max(1, _count_elements(width)) - 1):
            written += struct.pack("<iiiiii8s", 2, -1, 0, 0, 0, 0, b"        ")
    return bytes(written)


def _write_missing(variable: SpssVariable) -> bytes:
    if variable.missing is not None:
        return struct.pack("<dd", *variable.missing)
    if variable.width <= 8:
        return b"".join(text.encode().ljust(8) for text in variable.missing_strings)
    return b""


def _write_value_labels(labels: Mapping[int, str], index: int) -> bytes:
    written = bytearray(struct.pack("<ii", 3, len(labels)))
    for value, label in labels.items():
        text = cut_bytes(label, LONGEST_VALUE_LABEL)
        size = -(-(len(text) + 1) // 8) * 8 - 1
        written += struct.pack("<dB", value, len(text)) + text.ljust(size)
    return bytes(written + struct.pack("<iii", 4, 1, index))


def _write_extensions(
    variables: Sequence[SpssVariable], places: Sequence[_Place], sets: Sequence[ResponseSet]
) -> bytes:
    short = {variable.name: place.short for variable, place in zip(variables, places, strict=True)}
    written = _write_extension(3, 4, struct.pack("<8i", 1, 0, 0, -1, 1, 1, 2, 65001))
    written += _write_extension(4, 8, struct.pack("<3d", _SYSMIS, _HIGHEST, _LOWEST))
    if sets:
        lines = [
            f"${each.name}=D1 1 {len(each.label.encode())} {each.label} "
            f"{' '.join(short[name].lower() for name in each.variables)}\n"
            for each in sets
        ]
        written += _write_extension(7, 1, "".join(lines).encode())
    display = bytearray()
    for variable, place in zip(variables, places, strict=True):
        for _ in place.segments:
            display += struct.pack("<3i", _MEASURES[variable.measure], _DISPLAYED, 0 if variable.width else 1)
    written += _write_extension(11, 4, bytes(display))
    written += _write_extension(13, 1, "\t".join(f"{short[each.name]}={each.name}" for each in variables).encode())
    wide = [each for each in variables if each.width > SHORT_STRING]
    if wide:
        widths = b"".join(f"{short[each.name]}={each.width:05d}".encode() + b"\0\t" for each in wide)
        written += _write_extension(14, 1, widths)
    written += _write_extension(20, 1, b"UTF-8")
    long_missing = [each for each in variables if each.width > 8 and each.missing_strings]
    if long_missing:
        written += _write_extension(22, 1, b"".join(_write_long_missing(each) for each in long_missing))
    return written


def _write_long_missing(variable: SpssVariable) -> bytes:
    name = variable.name.encode()
    values = b"".join(text.encode().ljust(8) for text in variable.missing_strings)
    return struct.pack("<i", len(name)) + name + struct.pack("<bi", len(variable.missing_strings), 8) + values


def _write_extension(subtype: int, size: int, content: bytes) -> bytes:
    return struct.pack("<iiii", 7, subtype, size, len(content) // size) + content


def cut_bytes(text: str, most: int) -> bytes:
    """The text in UTF-8, cut at a character and marked with an ellipsis where it is longer than `most` bytes."""
    written = text.encode()
    if len(written) <= most:
        return written
    return written[: most - 3].decode(errors="ignore").encode() + "…".encode()
