"""Taking out of a text what names a company or reaches a person, before it is passed on word for word.

Found by pattern: addresses, links, telephone and registration numbers, and the names that the directory knows, however
they are spaced and whatever legal form stands beside them. A person described in words is not found: whoever passes
texts on reads them first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from surveyapp.fieldwork.directory.names import strip_legal_form

MARK = "[…]"
SHORTEST_LATIN, SHORTEST = 3, 2  # letters of a name that is looked for: fewer stand in half of all words
_LINKS = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w.])(?:[a-z0-9-]+\.)+(?:com|co\.kr|kr|jp|co\.jp|net|org)(?![\w])",
    re.IGNORECASE,
)
# Registration numbers of companies (Korea: 3-2-5, Japan: 13 digits) and telephone numbers.
_NUMBERS = re.compile(
    r"(?<![\d.,])(?:\d{3}-\d{2}-\d{5}|\d{13}"
    r"|\+?\d{1,3}[ .-]?\(?\d{1,4}\)?[ .-]\d{3,4}[ .-]\d{4}"
    r"|(?:\(0\d{1,3}\)|0\d{1,3})[ .-]?\d{3,4}[ .-]\d{4}|01\d{8,9})(?![\d])"
)
_GAP = r"[\W_]*"


class Redactor:
    """Knows the names to take out; safe to use from several threads."""

    def __init__(self, names: Iterable[str]) -> None:
        patterns = {pattern for name in names if (pattern := _write_pattern(name))}
        joined = "|".join(sorted(patterns, key=len, reverse=True))
        self._names = re.compile(joined, re.IGNORECASE) if joined else None

    def redact(self, text: str, own_names: Iterable[str] = ()) -> str:
        """The text with a mark for each thing taken out; as it was typed where there is none.

        `own_names` are names of the company itself that the directory may not know.
        """
        unified = unicodedata.normalize("NFKC", text)
        redacted = _NUMBERS.sub(MARK, _LINKS.sub(MARK, unified))
        for pattern in (each for name in own_names if (each := _write_pattern(name))):
            redacted = re.sub(pattern, MARK, redacted, flags=re.IGNORECASE)
        if self._names is not None:
            redacted = self._names.sub(MARK, redacted)
        return text if redacted == unified else redacted


def _write_pattern(name: str) -> str:
    """A pattern for a name without its legal form; blank for a name too short to be told from other words."""
    core = "".join(re.findall(r"\w", strip_legal_form(name).replace("_", "")))
    if len(core) < (SHORTEST_LATIN if core.isascii() else SHORTEST):
        return ""
    spaced = _GAP.join(map(re.escape, core))
    return rf"(?<![A-Za-z0-9]){spaced}(?![A-Za-z0-9])" if core.isascii() else spaced
