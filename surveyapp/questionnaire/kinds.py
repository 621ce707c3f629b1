"""Answer kinds know themselves: how a posted value becomes an answer, a value in expressions, and words to read.

A new kind is one class and one line in `KINDS`.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.model import Kind, Language, Question, Stored

MAX_TEXT_LENGTH = 20_000  # characters of a text whose question names no limit of its own
MAX_WHOLE = 10**15 - 1  # a double and JSON hold every whole number up to here
MAX_DIGITS = 15  # of a decimal, for the same reason

_FULL_WIDTH = str.maketrans("０１２３４５６７８９＋－−．，　", "0123456789+--., ")
_WHOLE = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?(?:\.[0-9]*)?")
_SEPARATORS: Mapping[Language, str] = {"ko": ", ", "en": ", ", "ja": "、"}


def clean_text(raw: str, *, multiline: bool) -> str:
    """The text in NFC with plain line ends and no blanks around it.

    Raises `AnswerFault("control_character")` for characters that no one can see or type: NUL and other controls
    (in a multiline text all but tab and newline), lone surrogates and non-characters.
    """
    plain = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    allowed = "\t\n" if multiline else ""
    for char in plain:
        if char not in allowed and (unicodedata.category(char) in ("Cc", "Cs") or ord(char) & 0xFFFE == 0xFFFE):
            raise AnswerFault("control_character", {"code": f"U+{ord(char):04X}"})
    return plain


class AnswerKind(ABC):
    """One kind of row of a questionnaire."""

    has_choices = False

    @abstractmethod
    def parse(self, question: Question, raw: Sequence[str]) -> Stored | None:
        """The answer that was posted, None where it is blank. Raises `AnswerFault`. Constraints are not looked at."""

    @abstractmethod
    def keep(self, stored: object, offered: Collection[str]) -> Stored | None:
        """The part of a kept answer that counts: of the right shape, and of the choices that are offered now."""

    def to_xpath(self, question: Question, stored: Stored) -> str:
        """The answer as a text in expressions."""
        return " ".join(stored) if isinstance(stored, list) else str(stored)

    def to_text(self, question: Question, stored: Stored, language: Language) -> str:
        """The answer in words, for reading."""
        return str(stored)


class NoteKind(AnswerKind):
    """A text to read. Nothing is answered."""

    def parse(self, question: Question, raw: Sequence[str]) -> None:
        return None

    def keep(self, stored: object, offered: Collection[str]) -> None:
        return None


class CalculateKind(NoteKind):
    """A value that the questionnaire computes itself (`Standing.values`); nothing posted or kept can change it."""


class TextKind(AnswerKind):
    def parse(self, question: Question, raw: Sequence[str]) -> str | None:
        text = clean_text(_take_one(raw), multiline=question.multiline)
        limit = question.max_length or MAX_TEXT_LENGTH
        if len(text) > max(limit, MAX_TEXT_LENGTH):
            raise AnswerFault("too_long", {"limit": limit})
        return text or None

    def keep(self, stored: object, offered: Collection[str]) -> str | None:
        return stored if isinstance(stored, str) and stored else None


class IntegerKind(AnswerKind):
    def parse(self, question: Question, raw: Sequence[str]) -> int | None:
        text = _clean_number(raw)
        if not text:
            return None
        if not _WHOLE.fullmatch(text):
            raise AnswerFault("not_whole")
        if len(text) > 3 * MAX_DIGITS or abs(number := int(text.replace(",", ""))) > MAX_WHOLE:
            raise AnswerFault("too_large", {"limit": MAX_WHOLE})
        return number

    def keep(self, stored: object, offered: Collection[str]) -> int | None:
        if isinstance(stored, bool) or not isinstance(stored, int) or abs(stored) > MAX_WHOLE:
            return None
        return stored


class DecimalKind(AnswerKind):
    def parse(self, question: Question, raw: Sequence[str]) -> str | None:
        text = _clean_number(raw)
        if not text:
            return None
        if not _DECIMAL.fullmatch(text) or not any(char.isdigit() for char in text):
            raise AnswerFault("not_number")
        digits = text.lstrip("+-").replace(",", "").replace(".", "").strip("0")
        if len(digits) > MAX_DIGITS or len(text) > 3 * MAX_DIGITS:
            raise AnswerFault("too_large", {"limit": MAX_DIGITS})
        return _write_decimal(Decimal(text.replace(",", "")))

    def keep(self, stored: object, offered: Collection[str]) -> str | None:
        if isinstance(stored, str) and len(stored) <= 3 * MAX_DIGITS and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", stored):
            return stored
        return None


class SelectOneKind(AnswerKind):
    has_choices = True

    def parse(self, question: Question, raw: Sequence[str]) -> str | None:
        names = _take_names(raw)
        if not names:
            return None
        if len(names) > 1 or question.find_choice(names[0]) is None:
            raise AnswerFault("not_a_choice", {"value": _show(names[-1])})
        return names[0]

    def keep(self, stored: object, offered: Collection[str]) -> str | None:
        return stored if isinstance(stored, str) and stored in offered else None

    def to_text(self, question: Question, stored: Stored, language: Language) -> str:
        return _find_label(question, str(stored), language)


class SelectMultipleKind(AnswerKind):
    has_choices = True

    def parse(self, question: Question, raw: Sequence[str]) -> list[str] | None:
        names = set(_take_names(raw))
        unknown = sorted(names - {choice.name for choice in question.choices})
        if unknown:
            raise AnswerFault("not_a_choice", {"value": _show(unknown[0])})
        return [choice.name for choice in question.choices if choice.name in names] or None

    def keep(self, stored: object, offered: Collection[str]) -> list[str] | None:
        if not isinstance(stored, list):
            return None
        return list(dict.fromkeys(name for name in stored if isinstance(name, str) and name in offered)) or None

    def to_text(self, question: Question, stored: Stored, language: Language) -> str:
        names = stored if isinstance(stored, list) else [str(stored)]
        return _SEPARATORS[language].join(_find_label(question, name, language) for name in names)


class RankKind(SelectMultipleKind):
    """Choices with places 1 to n; some may have none. Kept best first, so that gaps between places are closed."""

    def parse(self, question: Question, raw: Sequence[str]) -> list[str] | None:
        placed: dict[int, str] = {}
        for entry in raw:
            name, _, place = entry.partition("=")
            place = place.translate(_FULL_WIDTH).strip()
            if question.find_choice(name) is None:
                if name or place:
                    raise AnswerFault("not_a_choice", {"value": _show(name)})
                continue
            if not place:
                continue
            position = int(place) if re.fullmatch(r"[0-9]{1,4}", place) else 0
            if not 1 <= position <= len(question.choices):
                raise AnswerFault("rank_position", {"limit": len(question.choices)})
            if placed.get(position, name) != name or (name in placed.values() and position not in placed):
                raise AnswerFault("rank_tie", {"position": position})
            placed[position] = name
        return [placed[position] for position in sorted(placed)] or None

    def to_text(self, question: Question, stored: Stored, language: Language) -> str:
        names = stored if isinstance(stored, list) else [str(stored)]
        ranked = (f"{place}. {_find_label(question, name, language)}" for place, name in enumerate(names, 1))
        return _SEPARATORS[language].join(ranked)


KINDS: Mapping[Kind, AnswerKind] = {
    "note": NoteKind(),
    "select_one": SelectOneKind(),
    "select_multiple": SelectMultipleKind(),
    "integer": IntegerKind(),
    "decimal": DecimalKind(),
    "text": TextKind(),
    "rank": RankKind(),
    "calculate": CalculateKind(),
}


def _take_one(raw: Sequence[str]) -> str:
    """The one value of a single field; of several the last that is not blank (a page may post a field twice)."""
    return next((value for value in reversed(raw) if value.strip()), "")


def _take_names(raw: Sequence[str]) -> list[str]:
    """Distinct choice names in the order they were posted."""
    return list(dict.fromkeys(value.strip() for value in raw if value.strip()))


def _show(name: str) -> str:
    """A posted value as a message may repeat it."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name[:100])


def _clean_number(raw: Sequence[str]) -> str:
    return clean_text(_take_one(raw), multiline=False).translate(_FULL_WIDTH).strip()


def _write_decimal(number: Decimal) -> str:
    """Canonical digits: no exponent, no zeros at the end, no sign before 0."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _find_label(question: Question, name: str, language: Language) -> str:
    choice = question.find_choice(name)
    return choice.label.in_language(language) if choice is not None else name
