"""Make the fonts of the interface: `python -m tests.fonts [FOLDER]`, or `make fonts`.

Two open fonts are cut down to what pages use and keep their weights from 400 to 700 on one axis. FOLDER holds the
packages `pretendard-gov` and `pretendard-jp` as `npm pack` unpacks them; without it they are fetched by npm into
`build/fonts` (300 MB, once). The licence reserves the fonts' names for whole copies, so ours have names of their own.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.web.frame import LANGUAGE_NAMES
from surveyapp.web.static_files import FOLDER as STATIC
from tests.fonts.characters import list_characters

FONTS = STATIC / "vendor" / "fonts"
STYLE_SHEET = STATIC / "css" / "fonts.css"
FETCHED = Path("build") / "fonts"
VERSION = "1.3.9"
LIGHTEST, BOLDEST = 400, 700
FEATURES = ["ccmp", "kern", "locl", "mark", "mkmk"]
NAMES_KEPT = [0, 5, 13, 14]  # copyright, version, licence and its address
HANGUL = range(0xAC00, 0xD7A4)
KANJI = range(0x4E00, 0xA000)
FREQUENT_HANGUL = 9  # of the package's slices of a hundred, which are sorted by how often a syllable occurs
FREQUENT_KANJI, FURTHER_KANJI = 8, 26  # of its slices of fifty, some of which hold no kanji

SYMBOLS = "·×÷±§©®°²³½–—‘’“”…•′″※←↑→↓≠≤≥−√○●□■△▲▽▼◇◆★☆✓\u2060"
LATIN = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100)))) + SYMBOLS
WIDE_MARKS = "、。「」『』【】〈〉《》〔〕（）［］！？：；，．～％＋－＝／＆・ー〒〜　"
JAMO = "".join(map(chr, range(0x3131, 0x3164)))  # seen while a syllable is being typed
OPENING, CLOSING = "「『【〈《〔（［", "、。」』】〉》〕）］，．"
KANA = "".join(map(chr, (*range(0x3041, 0x3097), *range(0x30A0, 0x3100), 0x3005)))


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    font: str
    slices: str


GOV = Package(
    "pretendard-gov",
    "dist/web/variable/woff2/PretendardGOVVariable.woff2",
    "dist/web/variable/pretendardvariable-gov-dynamic-subset.css",
)
JP = Package(
    "pretendard-jp",
    "dist/web/variable/woff2/PretendardJPVariable.woff2",
    "dist/web/variable/pretendardvariable-jp-dynamic-subset.css",
)


@dataclass(frozen=True, slots=True)
class Cut:
    """One file: what it holds, under which family, and for which characters a browser is to fetch it."""

    name: str
    family: str
    package: Package
    characters: str
    ranges: str
    has_wide_marks: bool = False


def make_fonts(folder: Path) -> None:
    """Write the files, their licences and the style sheet that names them."""
    FONTS.mkdir(parents=True, exist_ok=True)
    faces, written = [], set()
    cuts = list_cuts(folder)
    sources = {package.name: shrink_source(folder, package, cuts) for package in (GOV, JP)}
    for cut in cuts:
        content = cut_font(sources[cut.package.name], cut)
        name = f"survey-sans-{cut.name}-{hashlib.sha256(content).hexdigest()[:8]}.woff2"
        (FONTS / name).write_bytes(content)
        written.add(FONTS / name)
        faces.append(write_face(cut, name))
        sys.stdout.write(f"{name}: {len(content) / 1000:.1f} kB\n")
    for gone in set(FONTS.glob("*.woff2")) - written:
        gone.unlink()
    for package in (GOV, JP):
        licence = (folder / package.name / "package" / "dist" / "LICENSE.txt").read_text(encoding="utf-8")
        (FONTS / f"{package.name}-LICENSE.txt").write_text(licence.rstrip() + "\n", encoding="utf-8")
    kept = STYLE_SHEET.read_text(encoding="utf-8").partition(MADE)[0] if STYLE_SHEET.exists() else ""
    STYLE_SHEET.write_text(f"{kept}{MADE}\n{''.join(faces)}", encoding="utf-8")


MADE = "/* Below: written by `make fonts`. */"


def list_cuts(folder: Path) -> tuple[Cut, ...]:
    used: dict[Language, str] = {language: "".join(sorted(list_characters(language))) for language in LANGUAGES}
    korean = find_frequent(folder, GOV, FREQUENT_HANGUL, HANGUL) + "".join(c for c in used["ko"] if ord(c) > 0x2FFF)
    korean += JAMO + WIDE_MARKS
    japanese = find_frequent(folder, JP, FREQUENT_KANJI, KANJI) + KANA + WIDE_MARKS
    japanese += "".join(c for c in used["ja"] if ord(c) > 0x2FFF) + "‘’“”…—"
    further_japanese = set(find_frequent(folder, JP, FURTHER_KANJI, KANJI)) - set(japanese)
    further = "".join(chr(code) for code in HANGUL if is_everyday(chr(code)) and chr(code) not in korean)
    hangul = "U+3131-318E, U+AC00-D7A3"
    wide = "U+3000-303F, U+30FB, U+FF00-FFEF"
    kanji = "U+2014, U+2018-201D, U+2026, U+3000-30FF, U+4E00-9FFF, U+FF00-FFEF"
    return (
        Cut("latin", "Survey Sans", GOV, LATIN, "U+20-7E, U+A0-FF, U+2000-27BF"),
        Cut("ko", "Survey Sans KO", GOV, korean, f"{hangul}, {wide}"),
        Cut("ko-further", "Survey Sans KO Further", GOV, further + "㈜", f"U+AC00-D7A3, U+{ord('㈜'):X}"),
        Cut("ja", "Survey Sans JA", JP, japanese, kanji, has_wide_marks=True),
        Cut("ja-further", "Survey Sans JA Further", JP, "".join(sorted(further_japanese)), "U+4E00-9FFF"),
        # The names in the language switch: three characters must not fetch the font of a whole language.
        *(
            Cut(f"name-{language}", "Survey Sans Names", package, LANGUAGE_NAMES[language], write_ranges(language))
            for language, package in NAMED_BY
        ),
    )


NAMED_BY: tuple[tuple[Language, Package], ...] = (("ko", GOV), ("ja", JP))


def write_ranges(language: Language) -> str:
    return ", ".join(f"U+{ord(character):X}" for character in LANGUAGE_NAMES[language])


def is_everyday(syllable: str) -> bool:
    """Whether it is one of the 2,350 syllables of KS X 1001, which written Korean hardly ever leaves."""
    return len(syllable.encode("euc_kr")) == 2  # any other is spelt out in eight bytes


def find_frequent(folder: Path, package: Package, slices: int, wanted: range) -> str:
    """Characters of the package's last slices, those met most often, as far as they are `wanted`."""
    css = (folder / package.name / "package" / package.slices).read_text(encoding="utf-8")
    found = re.findall(r"unicode-range:\s*([^;]+);", css)[-slices:]
    assert len(found) == slices
    return "".join(chr(code) for ranges in found for code in read_ranges(ranges) if code in wanted)


def read_ranges(ranges: str) -> Iterable[int]:
    for one in ranges.split(","):
        first, _, last = one.strip().removeprefix("U+").partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def shrink_source(folder: Path, package: Package, cuts: Iterable[Cut]) -> bytes:
    """The package's font with what any of its cuts needs: reading the whole of it once a cut would take minutes."""
    font = TTFont(folder / package.name / "package" / package.font)
    keep_characters(font, "".join(cut.characters for cut in cuts if cut.package == package))
    font = instancer.instantiateVariableFont(font, {"wght": (LIGHTEST, BOLDEST)})
    font.flavor = None
    target = BytesIO()
    font.save(target)
    return target.getvalue()


def keep_characters(font: TTFont, characters: str) -> None:
    options = Options()
    options.layout_features = FEATURES
    options.hinting = False
    options.name_IDs = NAMES_KEPT
    options.drop_tables += ["vhea", "vmtx", "VORG"]
    subsetter = Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)


def cut_font(source: bytes, cut: Cut) -> bytes:
    """The font with these characters alone, under a name of its own."""
    font = TTFont(BytesIO(source))
    keep_characters(font, cut.characters)
    for record in list(font["name"].names):
        if record.nameID not in NAMES_KEPT or record.langID != 0x409:
            font["name"].removeNames(record.nameID, record.platformID, record.platEncID, record.langID)
    for name_id, words in ((1, cut.family), (2, "Regular"), (4, cut.family), (6, cut.family.replace(" ", ""))):
        font["name"].setName(words, name_id, 3, 1, 0x409)
    if cut.has_wide_marks:
        addOpenTypeFeaturesFromString(font, write_half_widths(font))
    font["head"].modified = font["head"].created  # the same bytes in every run
    font.recalcTimestamp = False
    font.flavor = "woff2"
    target = BytesIO()
    font.save(target)
    return target.getvalue()


def write_half_widths(font: TTFont) -> str:
    """Rules that let a browser close up brackets and stops beside each other or at the end of a line.

    The font has none, so Japanese would be set with gaps as on a typewriter. They take the place of its kerning, which
    concerns letters that come from another file.
    """
    glyphs = font.getBestCmap()
    halves = [(glyphs[ord(mark)], True) for mark in OPENING] + [(glyphs[ord(mark)], False) for mark in CLOSING]
    rules = []
    for glyph, opens in halves:
        half = font["hmtx"][glyph][0] // 2
        rules.append(f"pos {glyph} <{-half if opens else 0} 0 {-half} 0>;")
    return f"feature halt {{ {' '.join(rules)} }} halt;"


def write_face(cut: Cut, name: str) -> str:
    return (
        "@font-face {\n"
        f'  font-family: "{cut.family}";\n'
        f'  src: url("../vendor/fonts/{name}") format("woff2");\n'
        f"  font-weight: {LIGHTEST} {BOLDEST};\n"
        "  font-display: swap;\n"
        f"  unicode-range: {cut.ranges};\n"
        "}\n"
    )


def fetch_packages(folder: Path) -> None:
    for package in (GOV, JP):
        target = folder / package.name
        if (target / "package" / package.font).exists():
            continue
        target.mkdir(parents=True, exist_ok=True)
        wanted = f"{package.name}@{VERSION}"
        subprocess.run(["npm", "pack", "--silent", "--pack-destination", str(target), wanted], check=True)
        with tarfile.open(next(target.glob("*.tgz"))) as archive:
            archive.extractall(target, filter="data")


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else FETCHED
    if given == FETCHED:
        fetch_packages(given)
    make_fonts(given)
