"""The language a report is written in: translated phrases, and numbers, shares and times as that language writes them.

Reports know no request, so whoever asks for one hands in the translations (a gettext catalogue) with the language. The
three languages of this product write numbers alike (`1,234.5`), which is why no locale library is needed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from gettext import NullTranslations
from typing import NamedTuple
from zoneinfo import ZoneInfo

from surveyapp.questionnaire.model import Language, Text
from surveyapp.questionnaire.scoring import round_half_up

SEOUL = ZoneInfo("Asia/Seoul")
BLANK = "–"


class Joiners(NamedTuple):
    """What stands between two names, between two clauses, and between a label and what it labels."""

    list: str
    clauses: str
    pair: str


_SPACED = Joiners(", ", "; ", ": ")
JOINERS: Mapping[Language, Joiners] = {"ko": _SPACED, "en": _SPACED, "ja": Joiners("、", "；", "：")}

Number = int | float | Fraction | Decimal


@dataclass(frozen=True, slots=True)
class Words:
    """Phrases and numbers in one language.

    `translations` is a gettext catalogue whose source is English; the empty default leaves English as it is. `finish`
    is done to each phrase and text, such as holding together what no line may break.
    """

    language: Language
    translations: NullTranslations = field(default_factory=NullTranslations, repr=False, compare=False)
    finish: Callable[[str], str] = field(default=str, repr=False, compare=False)

    def gettext(self, message: str, **params: object) -> str:
        """The phrase in this language, its `%(name)s` filled from `params`."""
        phrase = self.translations.gettext(message)
        return self.finish(phrase % params if params else phrase)

    def ngettext(self, singular: str, plural: str, number: int, **params: object) -> str:
        """As `gettext`, for a phrase that counts; `%(n)s` is the number with its thousands marked."""
        return self.translations.ngettext(singular, plural, number) % {"n": f"{number:,}", **params}

    def text(self, text: Text) -> str:
        return self.finish(text.in_language(self.language))

    def join(self, items: Iterable[str]) -> str:
        """Names one after another, as the language writes them: `a, b`, in Japanese `a、b`."""
        return JOINERS[self.language].list.join(items)

    def join_clauses(self, items: Iterable[str]) -> str:
        """Parts that may hold lists themselves: `a; b`, in Japanese `a；b`."""
        return JOINERS[self.language].clauses.join(items)

    def pair(self, label: str, text: str) -> str:
        """What, and which: `label: text`, in Japanese `label：text`."""
        return f"{label}{JOINERS[self.language].pair}{text}"

    def number(self, value: Number | None, digits: int = 0) -> str:
        """`value` rounded half-up to `digits` decimals; a dash where there is none."""
        return BLANK if value is None else f"{round_half_up(value, digits):,}"

    def percent(self, share: Number | None, digits: int = 0) -> str:
        """A share of 1 as a percentage; a dash where there is none."""
        return BLANK if share is None else f"{round_half_up(share * 100, digits):,}%"

    def interval(self, low: Number | None, high: Number | None, digits: int = 0, unit: str = "") -> str:
        """`low–high` in one unit, rounded half-up; a dash where there is none."""
        if low is None or high is None:
            return BLANK
        return f"{round_half_up(low, digits):,}–{round_half_up(high, digits):,}{unit}"

    def time(self, moment: datetime) -> str:
        """A moment in Asia/Seoul, to the minute, with the zone named."""
        return f"{moment.astimezone(SEOUL):%Y-%m-%d %H:%M} (Asia/Seoul)"

    def day(self, moment: datetime) -> str:
        """The day of a moment in Asia/Seoul."""
        return f"{moment.astimezone(SEOUL):%Y-%m-%d}"
