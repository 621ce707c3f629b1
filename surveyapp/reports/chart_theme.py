"""The look of every figure in one place: colours, marks, hatching, numbers on axes.

Colours are named tones. The style sheet `static/css/chart_theme.css` is written from here (`python -m
surveyapp.reports.chart_theme`), a figure names a tone as `var(--tone)`, and the script puts in the value of the present
scheme; so screen, table, legend and paper show the same. Nothing rests on hue alone:

* categories differ in lightness and in the form of their mark, and were chosen for the distance that is left between
  them under protanopia, deuteranopia and tritanopia;
* sequential scales run one way in lightness, in steps that grey print keeps;
* the diverging scale is alike in lightness at both ends, so its second half is hatched.

Numbers are written alike in all three languages (CLDR: `1,234.5`, `12%`, half-width in Japanese too), which is why one
format serves every axis; `Words` writes the same ones in tables, sentences and on pointing at a mark.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Scheme = Literal["light", "dark"]

SEPARATORS = ".,"  # decimal sign and thousands, as Plotly's layout wants them
TICKS = ",.2~f"  # 1,234.5 and never "1k"
WHOLE_TICKS = ",d"
YEAR_TICKS = "d"  # a year carries no comma

FONT_SIZE = 12
SMALL_SIZE = 11
DOT_SIZE = 11
LINE_WIDTH = 2
HATCH_SIZE = 7  # pixels between two lines
HATCH_SHARE = 0.22  # of the surface that lines cover

# Form of the mark of each category, in the order of the colours.
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")

_INKS: Mapping[Scheme, tuple[str, str]] = {"light": ("#18211f", "#ffffff"), "dark": ("#06120f", "#ffffff")}
_HATCH_STRENGTH = 0.2  # how far a hatching line goes from its ground to the ink of words on that ground


@dataclass(frozen=True, slots=True)
class Tone:
    """A named colour in both schemes. A hatched one is drawn with lines on it."""

    name: str
    light: str
    dark: str
    is_hatched: bool = False

    def find_colour(self, scheme: Scheme) -> str:
        return self.light if scheme == "light" else self.dark


def _name_scale(
    scale: str, light: str, dark: str, *, first: int = 1, hatched: tuple[int, ...] = ()
) -> tuple[Tone, ...]:
    pairs = zip(light.split(), dark.split(), strict=True)
    return tuple(Tone(f"{scale}-{step}", one, other, step in hatched) for step, (one, other) in enumerate(pairs, first))


CATEGORIES = _name_scale(
    "category",
    "#0d5c5a #bc5647 #1795f6 #745799 #5f3800 #670023",
    "#6fc2b3 #feb78a #c0dfff #d361dc #92ab33 #cd5a5b",
)

# From little to much: shares, stages of readiness, severity, cost; and ranks, of which the first is darkest.
SEQUENTIAL: Mapping[str, tuple[Tone, ...]] = {
    "heat": _name_scale(
        "heat", "#eff7f5 #c0e1db #8cc3ba #47968a #0d5c5a", "#1f2a28 #274742 #336a63 #4b9e94 #9be0d0", first=0
    ),
    "level": _name_scale(
        "level", "#e1ecea #b3d6cf #77b4aa #318176 #0a4644", "#24312f #2c4d48 #3a786f #62aea1 #b5eadd", first=0
    ),
    "warm": _name_scale("warm", "#f6ead9 #efcb9c #de9a56 #b05b25 #7c3412", "#3a2c1e #60401f #99602a #d68d49 #f7c997"),
    "cool": _name_scale(
        "cool",
        "#eff0f8 #d1d7eb #abb6dd #7a8fc9 #4366a8 #163e74",
        "#202638 #333d58 #475d8f #6b84c4 #9aabe2 #d2dbfb",
    ),
    "place": _name_scale(
        "place",
        "#163e74 #4366a8 #7a8fc9 #abb6dd #d1d7eb #eff0f8",
        "#d2dbfb #9aabe2 #6b84c4 #475d8f #333d58 #202638",
    ),
}

# From resolved to given up: dark, light | light, dark.
DIVERGING = _name_scale("status", "#0d5c5a #8cc0b6 #e8b27c #8f3f16", "#7fcabb #336b64 #9c6430 #f3ab72", hatched=(3, 4))

BARS = (Tone("bar", "#4f928d", "#5aa79c"), Tone("bar-few", "#cfe3de", "#2f504b"))

# Ground and ink of a printed page, whatever the scheme of the screen. The style sheets name the same tokens.
PAPER_INKS: Mapping[str, str] = {
    "surface": "#ffffff",
    "surface-sunk": "#f1f1f1",
    "ink": "#000000",
    "ink-soft": "#222222",
    "ink-faint": "#333333",
    "line": "#bbbbbb",
    "line-strong": "#777777",
    "accent-soft": "#e2f0ec",
}


def list_tones() -> tuple[Tone, ...]:
    return (*CATEGORIES, *(tone for scale in SEQUENTIAL.values() for tone in scale), *DIVERGING, *BARS)


def name_category(place: int) -> str:
    """The tone of the category at `place`, counted from 0."""
    return CATEGORIES[place % len(CATEGORIES)].name


def build_fill(tone: str) -> dict[str, Any]:
    """The filling of bars of one tone, hatched where the tone is."""
    fill: dict[str, Any] = {"color": f"var(--{tone})", "line": {"color": "var(--line)", "width": 1}}
    if tone in _HATCHED:
        fill["pattern"] = {
            "shape": "/",
            "fillmode": "overlay",
            "fgcolor": f"var(--line-{tone})",
            "fgopacity": 1,
            "size": HATCH_SIZE,
            "solidity": HATCH_SHARE,
        }
    return fill


def build_layout() -> dict[str, Any]:
    """What every figure begins with."""
    return {
        "font": {"family": "var(--font)", "size": FONT_SIZE, "color": "var(--ink-soft)"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "separators": SEPARATORS,
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {
            "align": "left",
            "bgcolor": "var(--surface)",
            "bordercolor": "var(--line-strong)",
            "font": {"family": "var(--font)", "size": FONT_SIZE, "color": "var(--ink)"},
        },
    }


def build_axis(title: str = "", *, ticks: str = TICKS) -> dict[str, Any]:
    """An axis of numbers."""
    return {
        "title": {
            "text": html.escape(title, quote=False),
            "font": {"size": FONT_SIZE, "color": "var(--ink-soft)"},
            "standoff": 8,
        },
        "fixedrange": True,
        "tickformat": ticks,
        "gridcolor": "var(--line)",
        "zeroline": False,
        "linecolor": "var(--line-strong)",
        "tickfont": {"size": FONT_SIZE, "color": "var(--ink-soft)"},
        "ticks": "",
    }


def find_tokens(scheme: Scheme) -> dict[str, str]:
    """Every token of the theme with its value: the tones, the ink of words on them, the lines of hatched ones."""
    tokens = {tone.name: tone.find_colour(scheme) for tone in list_tones()}
    for tone in list_tones():
        colour = tone.find_colour(scheme)
        dark, light = _INKS[scheme]
        ink = dark if measure_contrast(dark, colour) >= measure_contrast(light, colour) else light
        tokens[f"on-{tone.name}"] = ink
        if tone.is_hatched:
            tokens[f"line-{tone.name}"] = blend_colours(colour, ink, _HATCH_STRENGTH)
    return tokens


def write_style_sheet() -> str:
    """The text of `static/css/chart_theme.css`."""
    return "\n".join(_list_style_lines()) + "\n"


def measure_luminance(colour: str) -> float:
    """WCAG's relative luminance of `#rrggbb`."""
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in _read_channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def measure_contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours, 1 to 21."""
    dark, light = sorted((measure_luminance(one), measure_luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def blend_colours(one: str, other: str, share: float) -> str:
    """`one` with `share` of `other` in it."""
    channels = zip(_read_channels(one), _read_channels(other), strict=True)
    return "#" + "".join(f"{round(255 * (a + (b - a) * share)):02x}" for a, b in channels)


def _read_channels(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))


def _list_style_lines() -> Iterator[str]:
    yield "/* Written by `python -m surveyapp.reports.chart_theme`: change the theme there, not here. */"
    yield from _write_block(":root", find_tokens("light"))
    yield "@media (prefers-color-scheme: dark) {"
    yield from _write_block(":root", find_tokens("dark"), indent="  ")
    yield "}"
    yield ""
    yield "/* Paper is light, whatever the screen was; the script reads these when charts are drawn for it. */"
    yield "@media print {"
    yield from _write_block(":root", find_tokens("light"), indent="  ")
    yield "}"
    yield ""
    yield from _write_block(".on-paper", {**PAPER_INKS, **find_tokens("light")})
    yield "/* swatches of legends */"
    for tone in list_tones():
        yield f".tone-{tone.name} {{ background-color: var(--{tone.name}); border-color: var(--{tone.name}); }}"
    lines = ", ".join(f".tone-{tone.name}" for tone in list_tones() if tone.is_hatched)
    for tone in list_tones():
        if tone.is_hatched:
            yield f".tone-{tone.name} {{ --line-of-swatch: var(--line-{tone.name}); }}"
    yield (
        f"{lines} {{ background-image: repeating-linear-gradient(135deg, var(--line-of-swatch) 0 1.5px, "
        "transparent 1.5px 5px); }"
    )


def _write_block(selector: str, tokens: Mapping[str, str], indent: str = "") -> Iterator[str]:
    yield f"{indent}{selector} {{"
    for name, value in tokens.items():
        yield f"{indent}  --{name}: {value};"
    yield f"{indent}}}"
    if not indent:
        yield ""


_HATCHED = frozenset(tone.name for tone in list_tones() if tone.is_hatched)


if __name__ == "__main__":
    sys.stdout.write(write_style_sheet())
