"""The briefing on paper: no colour, every grey dark enough, one page when it is printed from the browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from surveyapp.web.desk.briefing.making import PDF_STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

GREY = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b")
TEXT_CONTRAST = 7  # WCAG 2.2, level AAA: a copy of a copy loses some of it


def read_grey(colour: str) -> float:
    """The lightness of a colour, 0 to 1 (relative luminance of WCAG); it must be a grey."""
    digits = colour.removeprefix("#")
    parts = [digits[place] * 2 for place in range(3)] if len(digits) == 3 else [digits[:2], digits[2:4], digits[4:]]
    assert len(set(parts)) == 1, f"{colour} is no grey"
    level = int(parts[0], 16) / 255
    return level / 12.92 if level <= 0.04045 else float(((level + 0.055) / 1.055) ** 2.4)


def find_contrast(one: str, other: str) -> float:
    light, dark = sorted((read_grey(one), read_grey(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def list_values(styles: str, name: str) -> Iterator[str]:
    """The colours that any rule gives a property."""
    for value in re.findall(rf"[{{;]\s*{name}: ([^;}}]+)", styles):
        yield from (f"#{digits}" for digits in GREY.findall(value))


def test_the_paper_is_grey_and_every_text_stands_out() -> None:
    styles = PDF_STYLES.read_text(encoding="utf-8")
    texts, grounds = set(list_values(styles, "color")), set(list_values(styles, "background"))
    assert len(texts) >= 3 and len(grounds) >= 3
    for text in texts:
        for ground in grounds:
            assert find_contrast(text, ground) >= TEXT_CONTRAST, (text, ground)
    for colour in GREY.findall(styles):
        read_grey(colour)
    assert not re.findall(r"rgb|hsl|var\(|: (red|green|blue|orange)", styles)
