"""Which column of a list means what, guessed from its headings in Korean, English and Japanese.

Titles above the headings, headings in two rows (담당자 over 성명, 이메일, 전화) and columns that mean nothing to us are
common. What is guessed is shown and can be changed before anything is imported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from surveyapp.fieldwork.directory.columns import COLUMNS, HEADINGS, NAME_COLUMNS, Column
from surveyapp.fieldwork.directory.table_files import Sheet
from surveyapp.questionnaire.model import LANGUAGES

_SEARCHED_ROWS = 15
_SAMPLED_ROWS = 60
_NO_LETTER = re.compile(r"[\W_]+")
_KANA = re.compile(r"[ぁ-ヺ]")
_HANGUL = re.compile(r"[가-힣]")
_KANJI = re.compile(r"[一-鿿]")
_CONTACT = re.compile(r"^(?:담당자?|실무자?|contact(?:person)?|担当者?(?:の)?)(?=.)")
# A name whose language the heading does not say: the names below it do.
_SOME_NAME = frozenset(
    [
        "기업명",
        "기업",
        "회사명",
        "회사",
        "업체명",
        "업체",
        "상호",
        "상호명",
        "법인명",
        "회원사",
        "회원사명",
        "사명",
        "기관명",
        "company",
        "companyname",
        "name",
        "firm",
        "企業名",
        "会社名",
        "社名",
        "企業",
        "会社",
        "会員企業",
        "会員名",
        "法人名",
    ]
)
_FURTHER: Mapping[Column, str] = {
    "name_ko": """
        국문명 한글명 국문 국문기업명 국문회사명 한글회사명 한글기업명 기업명국문 회사명국문 업체명국문
        기업명한글 회사명한글 koreanname companynamekorean companynameko 韓国語名 会社名韓国語
    """,
    "name_en": """
        영문명 영문 영문기업명 영문회사명 영문상호 기업명영문 회사명영문 업체명영문 englishname
        companynameenglish companynameen 英語名 英文名 会社名英語 会社名英文
    """,
    "name_ja": """
        일문명 일문 일본어명 일문기업명 일문회사명 기업명일문 회사명일문 japanesename companynamejapanese
        companynameja 和文名 日本語名 会社名日本語
    """,
    "business_number": """
        사업자번호 사업자등록no 사업자no 사업자 brn businessregistrationnumber businessregistrationno
        registrationnumber 事業者番号
    """,
    "size": """
        임직원 직원수 종업원수 종업원 상시근로자수 근로자수 인원 인원수 기업규모 규모 employees headcount size
        companysize 社員数 企業規模 規模
    """,
    "main_business": """
        주요사업 주사업 업종 사업분야 주력분야 분야 industry business mainbusiness sector 業種 事業分野 事業内容
    """,
    "membership": "회원 회원여부 회원종류 회원등급 가입여부 member membershiptype 会員 会員種別",
    "contact_name": """
        담당자 담당자명 성명 이름 담당 실무자 contact contactperson person 担当者 担当者名 氏名 担当
    """,
    "contact_department": """
        부서 부서명 소속 담당부서 소속부서 department division team 部署 部署名 所属 部門
    """,
    "contact_email": """
        이메일 이메일주소 메일 메일주소 전자우편 전자메일 email emailaddress mail メール メールアドレス
        電子メール eメール
    """,
    "contact_phone": """
        전화 전화번호 연락처 휴대폰 휴대전화 핸드폰 휴대폰번호 유선전화 직통전화 tel phone telephone phonenumber
        mobile 電話 電話番号 連絡先 携帯
    """,
    "contact_language": "언어 사용언어 language 言語",
    "contact_no_mail": """
        메일수신거부 수신거부여부 이메일수신거부 nomail optout unsubscribed 配信停止 メール拒否
    """,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a sheet is read: the last row of its headings (0: none), their words, and what each column means."""

    heading_row: int
    headings: tuple[str, ...]
    columns: tuple[Column | None, ...]

    @property
    def has_name(self) -> bool:
        return any(column in NAME_COLUMNS or column == "company_id" for column in self.columns)


def find_layout(sheet: Sheet) -> Layout:
    """The best guess of a sheet: the row, or two rows, whose words are the headings of most columns."""
    width = max(map(len, sheet.rows), default=0)
    best, best_score = _read_layout(sheet, 0, [""] * width), 0
    for place in range(min(_SEARCHED_ROWS, len(sheet.rows))):
        for headings, last in _list_headings(sheet, place, width):
            layout = _read_layout(sheet, last, headings)
            score = sum(column is not None for column in layout.columns) + 2 * layout.has_name
            if score > best_score and sum(column is not None for column in layout.columns) > 0:
                best, best_score = layout, score
    return best


def choose_sheet(sheets: Sequence[Sheet]) -> int:
    """The sheet that looks most like a list of companies; the first of several that look alike."""

    def rate(place: int) -> tuple[int, int]:
        layout = find_layout(sheets[place])
        return 100 * layout.has_name + sum(column is not None for column in layout.columns), -place

    return max(range(len(sheets)), key=rate)


def read_heading(words: str) -> Column | None:
    """What a heading means by its words alone."""
    plain = _squeeze(words)
    if plain in _KNOWN:
        return _KNOWN[plain]
    shorter = _KNOWN.get(_CONTACT.sub("", plain))
    return shorter if shorter is not None and shorter.startswith("contact_") else None


def _list_headings(sheet: Sheet, place: int, width: int) -> list[tuple[list[str], int]]:
    """The headings that a row may be, alone and with the one below it; with the number of the last row."""
    upper = [*sheet.rows[place], *[""] * width][:width]
    found = [(upper, place + 1)]
    if place + 1 < len(sheet.rows):
        lower = [*sheet.rows[place + 1], *[""] * width][:width]
        above, joined = "", []
        for one, two in zip(upper, lower, strict=True):
            above = one or (above if two else "")
            joined.append(above if _squeeze(one) == _squeeze(two) or not two else f"{above} {two}".strip())
        found.append((joined, place + 2))
    return found


def _read_layout(sheet: Sheet, heading_row: int, headings: Sequence[str]) -> Layout:
    columns: list[Column | None] = []
    for place, words in enumerate(headings):
        column = read_heading(words) or read_heading(words.split()[-1] if words.split() else "")
        if column is None and _squeeze(words) in _SOME_NAME:
            column = _find_script(sheet, heading_row, place)
        columns.append(None if column in columns else column)
    return Layout(heading_row, tuple(" ".join(words.split()) for words in headings), tuple(columns))


def _find_script(sheet: Sheet, heading_row: int, place: int) -> Column:
    """In which language most of the names of a column are."""
    votes: dict[Column, int] = {"name_ko": 0, "name_ja": 0, "name_en": 0}
    for row in sheet.rows[heading_row : heading_row + _SAMPLED_ROWS]:
        name = row[place] if place < len(row) else ""
        if _HANGUL.search(name):
            votes["name_ko"] += 1
        elif _KANA.search(name) or _KANJI.search(name):
            votes["name_ja"] += 1
        elif name.strip():
            votes["name_en"] += 1
    return max(votes, key=lambda column: votes[column])


def _squeeze(words: str) -> str:
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", words).casefold())


_KNOWN: Mapping[str, Column] = {
    **{word: column for column, words in _FURTHER.items() for word in words.split()},
    **{_squeeze(HEADINGS[column].in_language(language)): column for column in COLUMNS for language in LANGUAGES},
    **{column.replace("_", ""): column for column in COLUMNS},
}
