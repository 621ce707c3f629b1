"""What the fonts weigh on a page, that they hold every character of the product, and that nobody loads another's."""

from __future__ import annotations

import html as markup
import re
from dataclasses import dataclass
from functools import cache

import pytest
from flask.testing import FlaskClient
from fontTools.ttLib import TTFont

from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire
from surveyapp.records.database import Database
from surveyapp.web.static_files import FOLDER
from tests.fonts.characters import INVISIBLE, list_characters
from tests.respondent_visits import Visit, answer_until, make_round
from tests.web.test_respondent_look import MAX_PAGE_BYTES, weigh_page

FONTS = FOLDER / "vendor" / "fonts"
MAX_BYTES_WITH_FONTS = 330_000  # measures.md: first form page, all bytes compressed, with fonts
RESERVED = "pretendard"  # the licence keeps this name for whole copies

_FACE = re.compile(
    r'@font-face \{\s*font-family: "([^"]+)";\s*src: url\("\.\./([^"]+)"\)[^}]*?font-weight: ([^;]+);'
    r"\s*font-display: ([a-z]+);\s*unicode-range: ([^;]+);"
)


@dataclass(frozen=True)
class Face:
    """One file as the style sheet offers it."""

    family: str
    file: str
    weights: str
    display: str
    ranges: tuple[range, ...]

    def is_fetched_for(self, character: str) -> bool:
        return any(ord(character) in each for each in self.ranges)

    @property
    def bytes(self) -> int:
        return (FOLDER / self.file).stat().st_size


@cache
def list_faces() -> tuple[Face, ...]:
    css = (FOLDER / "css" / "fonts.css").read_text(encoding="utf-8")
    return tuple(
        Face(family, file, weights, display, tuple(read_range(one) for one in ranges.split(",")))
        for family, file, weights, display, ranges in _FACE.findall(css)
    )


def read_range(written: str) -> range:
    first, _, last = written.strip().removeprefix("U+").partition("-")
    return range(int(first, 16), int(last or first, 16) + 1)


@cache
def read_held(face: Face) -> frozenset[str]:
    """The characters that a file has glyphs for."""
    with TTFont(FOLDER / face.file, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def list_stack(language: Language) -> list[str]:
    """Families of a language's pages in the order of the tokens."""
    css = (FOLDER / "css" / "tokens.css").read_text(encoding="utf-8")
    rule = css if language == "ko" else css.partition(f":root:lang({language})")[2]
    found = re.search(r"--font: ([^;]+);", rule)
    assert found is not None
    return [family.strip().strip('"') for family in found[1].split(",")]


def find_face(language: Language, character: str) -> Face | None:
    """The face that draws a character on a page of `language`."""
    for family in list_stack(language):
        for face in list_faces():
            if face.family == family and face.is_fetched_for(character) and character in read_held(face):
                return face
    return None


def find_faces(language: Language, html: str) -> set[Face]:
    """The files that a browser fetches for a page."""
    words = markup.unescape(re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL))
    found = {find_face(language, character) for character in set(words) - INVISIBLE}
    return {face for face in found if face is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_character_of_the_product_has_a_glyph(language: Language) -> None:
    """`make fonts` makes them anew when words with new characters have come."""
    assert {one for one in list_characters(language) if find_face(language, one) is None} == set()


def test_every_syllable_of_everyday_korean_has_a_glyph() -> None:
    syllables = [chr(code) for code in range(0xAC00, 0xD7A4) if len(chr(code).encode("euc_kr")) == 2]
    assert len(syllables) == 2350
    assert [one for one in syllables if find_face("ko", one) is None] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_form_pages_keep_to_their_bytes(
    client: FlaskClient, database: Database, questionnaire: Questionnaire, language: Language
) -> None:
    make_round(database, questionnaire)
    visit = Visit(client).open(f"/s/survey-2026/?lang={language}")
    pages = {"start": visit.html}
    visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()
    answer_until(visit, "")
    for name in ("sec_profile", "rd_page_regulatory", "blk_reg"):
        pages[name] = visit.open(f"/r/{visit.token}/p/{name}").html
    for name, html in pages.items():
        faces = find_faces(language, html)
        fonts = sum(face.bytes for face in faces)
        own = weigh_page(client, html)
        assert own <= MAX_PAGE_BYTES, (name, own)
        assert own + fonts <= MAX_BYTES_WITH_FONTS, (name, own, fonts)
        loaded = {face.family for face in faces}
        foreign = {"ko": {"Survey Sans JA"}, "en": {"Survey Sans JA", "Survey Sans KO"}, "ja": {"Survey Sans KO"}}
        assert not loaded & {*foreign[language], "Survey Sans KO Further"}, (name, loaded)


def test_files_are_named_by_their_content_and_all_in_use(client: FlaskClient) -> None:
    named = {face.file for face in list_faces()}
    assert named == {f"vendor/fonts/{path.name}" for path in FONTS.glob("*.woff2")}
    for face in list_faces():
        reply = client.get(f"/static/x/{face.file}")
        assert reply.status_code == 200
        assert reply.headers["Cache-Control"].endswith("immutable")
        assert face.display == "swap"
        assert face.weights == "400 700"


def test_licences_lie_beside_the_fonts_and_the_reserved_name_is_not_used() -> None:
    for package in ("pretendard-gov", "pretendard-jp"):
        assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / f"{package}-LICENSE.txt").read_text(encoding="utf-8")
    for face in list_faces():
        with TTFont(FOLDER / face.file, lazy=True) as font:
            names = {record.nameID: record.toUnicode() for record in font["name"].names}
            assert {name_id for name_id, words in names.items() if RESERVED in words.casefold()} <= {0}
            assert names[13].startswith("This Font Software is licensed under the SIL Open Font License")
            assert [axis.axisTag for axis in font["fvar"].axes] == ["wght"]
