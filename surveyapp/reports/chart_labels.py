"""Words inside a chart: broken into lines, measured, and safe for Plotly."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from unicodedata import east_asian_width

LABEL_WIDTH = 26  # narrow characters in a line of a label; Korean and Japanese ones count as two
LABEL_LINES = 3


def wrap_label(text: str, width: int = LABEL_WIDTH, lines: int = LABEL_LINES) -> str:
    """`text` broken into lines (`<br>`), at blanks and middle dots where it has some, else between characters.

    `width` is in narrow characters; wide ones (Korean, Japanese) count as two. What does not fit into `lines` ends in
    an ellipsis.
    """
    done: list[str] = []
    line = ""
    for piece in _split_pieces(text):
        if line and measure_text(line + piece.rstrip()) > width:
            done.append(line.rstrip())
            line = ""
        line += piece
        while measure_text(line.rstrip()) > width:
            cut = _find_cut(line, width)
            done.append(line[:cut])
            line = line[cut:]
    if line.strip():
        done.append(line.rstrip())
    if len(done) > lines:
        done = [*done[: lines - 1], done[lines - 1].rstrip("·・、, ") + "…"]
    return "<br>".join(escape_words(one) for one in done)


def measure_longest(labels: Iterable[str]) -> int:
    """Width of the longest line of wrapped labels, in narrow characters."""
    return max([0, *(measure_text(html.unescape(line)) for label in labels for line in label.split("<br>"))])


def measure_text(text: str) -> int:
    """Width in narrow characters."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _split_pieces(text: str) -> list[str]:
    """Where a line may end: after a blank, a middle dot, a comma or a slash, and around Japanese punctuation."""
    return [piece for piece in re.split(r"(?<=[\s·・、，/)])|(?=[(（])", text) if piece]


def _find_cut(text: str, width: int) -> int:
    used = 0
    for place, char in enumerate(text):
        used += measure_text(char)
        if used > width:
            return max(1, place)
    return len(text)


def escape_words(text: str) -> str:
    """Plotly reads a little HTML in texts; ours are words, with `\\n` for a new line."""
    return html.escape(text, quote=False).replace("\n", "<br>")
