"""The colours of the style sheets as values, and how well one can be read on another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

READ = 4.5  # WCAG 2.2: text
SEEN = 3.0  # WCAG 2.2: borders of controls, focus, drawings

TOKENS = Path(__file__).parent / "static" / "css" / "tokens.css"
_COLOUR = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})\b")
_DARK = "@media (prefers-color-scheme: dark)"


@cache
def read_colours() -> Mapping[Scheme, Mapping[str, str]]:
    """Every colour of the tokens by name, as each scheme has it."""
    light, _, dark = TOKENS.read_text(encoding="utf-8").partition(_DARK)
    first = dict(_COLOUR.findall(light))
    return {"light": first, "dark": {**first, **dict(_COLOUR.findall(dark))}}


def measure_contrast(one: str, other: str) -> float:
    """WCAG 2.2's ratio of relative luminances, from 1 to 21."""
    lighter, darker = sorted((_measure_luminance(one), _measure_luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _measure_luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
