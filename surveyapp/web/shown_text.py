"""Words as a page shows them. What is stored or exported never comes through here."""

from __future__ import annotations

import re

WORD_JOINER = "\u2060"
NO_BREAK_SPACE = "\u00a0"
_DATE_WITH_ENDING = re.compile(r"(\d{4}-)(\d\d-)(\d\d)(?=[가-힣])")
_BESIDE_BRACKET = re.compile(r"(?<=[가-힣])(?=\()|(?<=\))(?=[가-힣])")


def hold_together(words: str) -> str:
    """`words` with every middle dot held to what stands before it, Korean held to a bracket that touches it, and a date
    with a Korean ending held together.

    Browsers break Korean there as between any other words, in spite of `line-break: strict` and `word-break: keep-all`:
    a line would begin with a dot, or with the ending of the word before it ("(식약처)" and, alone below it, "의"). And
    where what is held to a date leaves no other place ("2026-11-06까지(Asia/Seoul)"), they break it at a hyphen.
    """
    if "·" in words:
        words = words.replace(" ·", f"{NO_BREAK_SPACE}·").replace("·", f"{WORD_JOINER}·")
    if "-" in words:
        words = _DATE_WITH_ENDING.sub(rf"\1{WORD_JOINER}\2{WORD_JOINER}\3", words)
    return _BESIDE_BRACKET.sub(WORD_JOINER, words) if "(" in words or ")" in words else words
