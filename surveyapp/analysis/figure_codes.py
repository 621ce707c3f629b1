"""Short codes of released figures, by which anybody can ask later where a figure came from.

A code is eight letters and digits in Crockford's base 32 (no I, L, O, U), drawn by SHA-256 from the digest of the
released table and the figure's path in it. The digest covers survey, round, audience, revision and every figure, so a
code needs no column: it follows from the table, and is found again by computing those of all that was released.
See docs/adr/0030.
"""

from __future__ import annotations

import hashlib
import unicodedata

from surveyapp.analysis.disclosure import Released, write_released
from surveyapp.analysis.release_memory import digest_content

LENGTH = 8
_BITS = 5
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011")
_LONGEST_TYPED = 64


class CodeMalformed(ValueError):
    """What was typed is no code: other characters, or another length."""


def digest_table(table: Released) -> str:
    """The digest that the memory keeps of a released table."""
    return digest_content(write_released(table))


def compute_code(digest: str, path: str) -> str:
    """The code of one figure; `digest` is that of its table as it was released."""
    number = int.from_bytes(hashlib.sha256(f"{digest}/{path}".encode()).digest()[: LENGTH * _BITS // 8], "big")
    return "".join(_ALPHABET[number >> _BITS * place & 31] for place in reversed(range(LENGTH)))


def write_code(code: str) -> str:
    """As people read it: in two groups."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def read_code(typed: str) -> str:
    """The code that was meant: small letters, blanks and hyphens, O for 0 and I or L for 1 do no harm.

    Raises CodeMalformed.
    """
    if len(typed) <= _LONGEST_TYPED:
        bare = "".join(each for each in typed if not each.isspace() and each not in "-–—‐－")
        code = unicodedata.normalize("NFKC", bare).upper().translate(_READ_AS)
        if len(code) == LENGTH and set(code) <= set(_ALPHABET):
            return code
    raise CodeMalformed(typed[:_LONGEST_TYPED])
