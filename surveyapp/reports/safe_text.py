"""Text that a spreadsheet opens as text.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return is a formula to Excel and its kin (OWASP: CSV
injection). Such text gets an apostrophe in front; nothing is removed, so whoever reads the file can tell the value.
Numbers never pass through here: `-5` stays `-5`.
"""

from __future__ import annotations

import re

# Excel skips blanks, a byte-order mark and other invisible characters before it looks for a formula, and its Japanese
# and Korean editions take the full-width signs for the narrow ones.
_FORMULA_START = re.compile(
    r"[\s\u0000-\u001f\u007f-\u009f\u00ad\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    r"\ufeff\uffa0\ufff9-\ufffb]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212\ufe62\ufe63\ufe66\ufe6b]"
    r"|[\t\r]"
)
_NEEDS_QUOTES = re.compile(r'[",\r\n]')


def make_text_safe(text: str) -> str:
    """`text`, with a leading apostrophe where a spreadsheet would take it for a formula."""
    return "'" + text if _FORMULA_START.match(text) else text


def write_text_cell(text: str) -> str:
    """One CSV cell (RFC 4180) that holds `text` made safe."""
    safe = make_text_safe(text)
    return '"' + safe.replace('"', '""') + '"' if _NEEDS_QUOTES.search(safe) else safe
