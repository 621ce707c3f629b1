"""Receipt numbers: random, readable over the telephone, with a character that tells a slip of the pen.

`K7QM-2F9X-4TRC`: eleven random characters and a check character. The alphabet has no 0 O, 1 I L, S and Z, which are
taken for one another or for 5 and 2; it has 29 characters, a prime, so that a weighted sum modulo 29 with twelve
different weights finds every single wrong character and every swap of two (Gallian, "The mathematics of identification
numbers", 1991).
"""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRTUVWXY"
_RANDOM = 11
_GROUP = 4
_LENGTH = _RANDOM + 1
_MEANT = str.maketrans({"S": "5", "Z": "2"})


def draw_receipt() -> str:
    """A new receipt number; 29^11 of them exist, and the database refuses one that is already in use."""
    number = secrets.randbelow(len(ALPHABET) ** _RANDOM)
    drawn = ""
    for _ in range(_RANDOM):
        number, digit = divmod(number, len(ALPHABET))
        drawn += ALPHABET[digit]
    return _group(drawn + _find_check_character(drawn))


def read_receipt(typed: str) -> str | None:
    """The receipt number that somebody typed or dictated, in its usual form; None where it cannot be one."""
    plain = "".join(typed.upper().split()).replace("-", "").translate(_MEANT)
    if len(plain) != _LENGTH or not set(plain) <= set(ALPHABET):
        return None
    return _group(plain) if _find_check_character(plain[:_RANDOM]) == plain[_RANDOM] else None


def _find_check_character(drawn: str) -> str:
    # The weights are 2 … 12 for the random characters and 1 for the check character, and the whole sum is 0 modulo 29.
    total = sum(weight * ALPHABET.index(character) for weight, character in enumerate(drawn, start=2))
    return ALPHABET[-total % len(ALPHABET)]


def _group(plain: str) -> str:
    return "-".join(plain[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))
