"""Business registration numbers of the Korean tax office (사업자등록번호): 123-45-67891.

Three digits of the tax office, two of the kind of business, four in a series and a check digit (OECD, "Korea:
information on tax identification numbers"). The check digit is the published one of the tax office: the first nine
digits times 1 3 7 1 3 7 1 3 5, the tens of the ninth product counted once more, added up; with the check digit the sum
ends in 0.
"""

from __future__ import annotations

import re
import unicodedata

LENGTH = 10
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_SEPARATORS = re.compile(r"[\s.\-‐-―−－]+")


def read_business_number(typed: str) -> str | None:
    """The ten digits of what somebody typed or pasted; None where the check digit says that it is no such number."""
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", typed))
    if len(digits) != LENGTH or not (digits.isascii() and digits.isdigit()):
        return None
    return digits if find_check_digit(digits) == int(digits[-1]) else None


def find_check_digit(digits: str) -> int:
    """The check digit that belongs to the first nine of `digits`."""
    values = [int(digit) for digit in digits[: len(_WEIGHTS)]]
    total = sum(weight * value for weight, value in zip(_WEIGHTS, values, strict=True))
    return -(total + _WEIGHTS[-1] * values[-1] // 10) % 10


def show_business_number(digits: str) -> str:
    """As it is written: `123-45-67891`."""
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
