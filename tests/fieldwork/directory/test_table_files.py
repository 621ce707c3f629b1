"""Lists in the encodings and forms that Korean offices save, and files that are meant to do harm."""

from __future__ import annotations

import io
import subprocess
import time
import zipfile
from datetime import date
from typing import Any

import pytest

from surveyapp.fieldwork.directory import table_files
from surveyapp.fieldwork.directory.columns import COLUMNS, HEADINGS
from surveyapp.fieldwork.directory.headings import choose_sheet, find_layout, read_heading
from surveyapp.fieldwork.directory.table_files import (
    ENCODINGS,
    MOST_BYTES,
    Encoding,
    Sheet,
    TableRefused,
    read_table_file,
)
from surveyapp.questionnaire.model import LANGUAGES
from tests.fieldwork.directory.workbooks import (
    mark_encrypted,
    replace_part,
    write_list,
    write_sheet_part,
    write_workbook,
)

HEADING = ["기업명(국문)", "사업자번호", "담당자\n성명", "이메일"]
ROW = ["한빛바이오㈜", "116-82-00276", "김민수", "kim@example.com"]
SHEET_PART = "xl/worksheets/sheet1.xml"


def read_rows(content: bytes) -> list[list[str]]:
    return [list(row) for row in read_table_file(content).sheets[0].rows]


def refuse(content: bytes) -> str:
    with pytest.raises(TableRefused) as refusal:
        read_table_file(content)
    return f"{refusal.value.problem} {refusal.value.shown}".strip()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp949", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_list_in_every_encoding(encoding: str, delimiter: str) -> None:
    content = write_list(
        [HEADING, ROW, ['콤마, 세미콜론; 따옴표"', "", "", ""]], encoding=encoding, delimiter=delimiter
    )
    assert read_rows(content) == [HEADING, ROW, ['콤마, 세미콜론; 따옴표"']]


JAPANESE = [
    ["会社名", "担当者", "メールアドレス", "備考"],
    ["ハンビット製薬株式会社", "佐藤 健太郎", "sato@example.com", "ひらがな・カタカナ①㈱"],
    ["ソウルバイオ", "高橋 髙﨑", "", "ﾊﾝｶｸ 表示"],
]


def test_a_list_of_a_japanese_office_is_read_as_such_and_a_korean_one_as_korean() -> None:
    table = read_table_file(write_list(JAPANESE, encoding="cp932"))
    assert (table.encoding, [list(row) for row in table.sheets[0].rows]) == ("cp932", JAPANESE)
    mostly_latin = [["Company", "Name"], *[[f"Company {number}", "田中"] for number in range(50)]]
    assert read_table_file(write_list(mostly_latin, encoding="cp932")).encoding == "cp932"
    korean = [HEADING, ROW, ["똠방각하 펲시콜라 ㈜", "漢字 담당", "①", "ひらがな カタカナ"]]
    table = read_table_file(write_list(korean, encoding="cp949"))
    assert (table.encoding, [list(row) for row in table.sheets[0].rows]) == ("cp949", korean)
    assert read_table_file(write_list([["a", "b"], ["1", "2"]], encoding="cp949")).encoding == "utf-8-sig"


def test_each_of_many_korean_and_japanese_names_alone_is_told_apart() -> None:
    for name in ("한빛제약", "가람바이오㈜", "대웅", "종근당바이오 주식회사", "동아에스티", "삼성바이오로직스"):
        assert read_table_file(write_list([["회사명"], [name]], encoding="cp949")).encoding == "cp949", name
    for name in ("武田薬品工業", "アステラス製薬", "第一三共", "中外製薬株式会社", "エーザイ", "さくら堂"):
        assert read_table_file(write_list([["会社名"], [name]], encoding="cp932")).encoding == "cp932", name


def test_an_encoding_that_is_named_is_the_one_that_is_read() -> None:
    content = write_list([["동아에스티"], ["한국"]], encoding="cp949")  # which may be read as half-width katakana
    table = read_table_file(content, "cp932")
    assert table.encoding == "cp932" and table.sheets[0].rows[1] == ["ﾇﾑｱｹ"]
    assert read_table_file(content, "cp949").sheets == read_table_file(content).sheets
    bare = "회사명,비고\r\n한빛제약,a\r\n".encode("utf-16-le")  # no mark at its beginning: not to be recognised
    assert read_table_file(bare, "utf-16").sheets[0].rows == [["회사명", "비고"], ["한빛제약", "a"]]
    refused: tuple[tuple[bytes, Encoding], ...] = (
        (content, "utf-8-sig"),
        (bare, "utf-8-sig"),
        ("대웅".encode("cp949"), "cp932"),
        (b"abc", "utf-16"),
    )
    for wrong, encoding in refused:
        with pytest.raises(TableRefused) as caught:
            read_table_file(wrong, encoding)
        assert (caught.value.problem, caught.value.shown) == ("other_encoding", ENCODINGS[encoding])


def test_trailing_columns_and_rows_are_cut_off() -> None:
    rows = [[*HEADING, "", "", ""], [*ROW, " ", "", ""], ["", "", "", ""], ["", ""]]
    assert read_rows(write_list(rows)) == [HEADING, ROW]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"\r\n,,\r\n", "empty"),
        ("가,나\n다,라".encode("euc-kr") + b"\n\xff\xff", "encoding 3"),
        ("한빛바이오,김민수\n".encode("euc-kr") + b"\xff\xff", "encoding 2"),  # half-width katakana in CP932
        ('"가,나\n다'.encode(), "quotes 2"),
        ('가,"나"다\n'.encode(), "quotes 1"),
        (b"a,b\0\n", "unknown_kind"),
        (b"%PDF-1.7\n", "unknown_kind"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web_page"),
        (b"a," * 101 + b"b\n", "too_many_columns"),
        (b"a\n" * 20_001, "too_many_rows"),
        (b"a" * (MOST_BYTES + 1), "too_large"),
        (b"a" * 200_000, "quotes 1"),  # more than a cell of a CSV may hold
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "old_workbook"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"PK\x03\x04 and no more", "broken"),
    ],
)
def test_what_is_no_list(content: bytes, problem: str) -> None:
    assert refuse(content) == problem


def test_values_of_a_workbook_become_the_text_that_is_seen() -> None:
    values: list[Any] = ["한빛", 1168200276, 12.5, 3.0, True, date(2026, 3, 1), None, " 끝 "]
    assert read_rows(write_workbook({"명부": [values]})) == [
        ["한빛", "1168200276", "12.5", "3", "TRUE", "2026-03-01", "", " 끝 "]
    ]


def test_a_formula_is_told_and_never_computed() -> None:
    content = write_workbook({"명부": [HEADING, ["한빛", "=1+1", '=HYPERLINK("http://a")', "=A1"]]})
    assert read_rows(content)[1] == ["한빛", "=1+1", '=HYPERLINK("http://a")', "=A1"]


def test_merged_cells_are_read_as_they_are_seen() -> None:
    rows: list[list[Any]] = [
        ["2026년 회원사 명부"],
        ["연번", "회사명", "담당자", None, None, "비고"],
        [None, None, "성명", "이메일", "연락처", None],
        [1, "한빛바이오㈜", "김", "kim@example.com", "02-1"],
        [None, None, "이", "lee@example.com", "02-2"],
    ]
    merged = ["A1:F1", "A2:A3", "B2:B3", "C2:E2", "F2:F3", "A4:A5", "B4:B5"]
    (sheet,) = read_table_file(write_workbook({"명부": rows}, merged=merged)).sheets
    layout = find_layout(sheet)
    assert layout.heading_row == 3
    assert layout.columns == (None, "name_ko", "contact_name", "contact_email", "contact_phone", None)
    assert layout.headings[2:5] == ("담당자 성명", "담당자 이메일", "담당자 연락처")
    assert [row[1] for row in sheet.rows[3:]] == ["한빛바이오㈜", "한빛바이오㈜"]


def test_the_sheet_with_the_list_is_found_and_hidden_ones_are_not_shown() -> None:
    sheets = {"안내": [["작성 안내"], ["이름을 적습니다"]], "명부": [HEADING, ROW], "코드": [["회원"], ["준회원"]]}
    table = read_table_file(write_workbook(sheets))
    assert [sheet.name for sheet in table.sheets] == ["안내", "명부", "코드"]
    assert choose_sheet(table.sheets) == 1
    hidden = write_workbook(sheets, hidden=["안내"])
    assert [sheet.name for sheet in read_table_file(hidden).sheets] == ["명부", "코드"]


def test_every_heading_of_our_own_is_recognised_in_three_languages() -> None:
    for column in COLUMNS:
        for language in LANGUAGES:
            assert read_heading(HEADINGS[column].in_language(language)) == column


@pytest.mark.parametrize(
    ("headings", "names", "columns"),
    [
        (["No.", "회사명", "대표자", "담당자", "전화번호", "E-mail"], ["1", "한빛", "홍", "김", "02", "a@b.c"],
         (None, "name_ko", None, "contact_name", "contact_phone", "contact_email")),
        (["Company Name", "Employees", "Industry", "Contact Person", "Phone", "Email Address"], ["Hanbit"] * 6,
         ("name_en", "size", "main_business", "contact_name", "contact_phone", "contact_email")),
        (["会社名", "業種", "担当者名", "部署", "電話番号", "メールアドレス"], ["ハンビット"] * 6,
         ("name_ja", "main_business", "contact_name", "contact_department", "contact_phone", "contact_email")),
        (["기업명(국문)", "기업명(영문)", "기업명(일문)", "회원구분", "휴대폰", "전화"], ["x"] * 6,
         ("name_ko", "name_en", "name_ja", "membership", "contact_phone", None)),
    ],
)  # fmt: skip
def test_columns_are_guessed_from_headings(
    headings: list[str], names: list[str], columns: tuple[str | None, ...]
) -> None:
    assert find_layout(Sheet("", [headings, names])).columns == columns


def test_a_list_without_headings_is_not_guessed() -> None:
    layout = find_layout(Sheet("", [["한빛", "116-82-00276"], ["서울", "124-81-00998"]]))
    assert (layout.heading_row, layout.columns, layout.has_name) == (0, (None, None), False)


def test_an_encrypted_archive() -> None:
    assert refuse(mark_encrypted(write_workbook({"명부": [HEADING]}))) == "encrypted"


def test_another_kind_of_archive() -> None:
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert refuse(other.getvalue()) == "not_workbook"


def test_a_damaged_workbook() -> None:
    good = write_workbook({"명부": [HEADING, ROW]})
    assert refuse(replace_part(good, SHEET_PART, b"<worksheet><sheetData><row><c>")) == "broken"
    assert refuse(replace_part(good, "xl/workbook.xml", b"<nothing/>")) in ("broken", "empty")
    assert refuse(good[: len(good) // 2]) == "broken"


def test_a_zip_bomb_is_told_by_its_sizes_before_it_is_unpacked() -> None:
    bomb = replace_part(write_workbook({"명부": [HEADING]}), SHEET_PART, b" " * (160 * 1024 * 1024))
    assert len(bomb) < 1024 * 1024
    begun = time.monotonic()
    assert refuse(bomb) == "too_large_unpacked"
    assert time.monotonic() - begun < 30


def test_a_bomb_that_lies_of_its_sizes_stays_within_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """One cell of 60 million characters: within the sizes, beyond the memory that the process has."""
    text = b"a" * (60 * 1024 * 1024)
    part = write_sheet_part(b"<row r='1'><c r='A1' t='inlineStr'><is><t>" + text + b"</t></is></c></row>")
    bomb = replace_part(write_workbook({"명부": [HEADING]}), SHEET_PART, part)
    monkeypatch.setattr(table_files, "_LIMITS", {**table_files._LIMITS, "memory": 120 * 1024 * 1024})
    assert read_table_file(write_workbook({"명부": [HEADING]})).sheets, "what is no bomb can be read with so little"
    assert refuse(bomb) == "too_costly"


def test_entities_that_multiply_are_refused() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
    assert refuse(replace_part(write_workbook({"명부": [HEADING]}), SHEET_PART, laughs)) == "unsafe"


def test_a_workbook_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"".join(b"<row r='%d'><c r='A%d'><v>1</v></c></row>" % (n, n) for n in range(1, 400_000))
    slow = replace_part(write_workbook({"명부": [HEADING]}), SHEET_PART, write_sheet_part(rows))
    monkeypatch.setattr(table_files, "_LIMITS", {**table_files._LIMITS, "cpu_seconds": 2, "rows": 10**9})
    assert refuse(slow) == "too_costly"
    monkeypatch.setattr(table_files, "_LIMITS", {**table_files._LIMITS, "cpu_seconds": 60})
    monkeypatch.setattr(table_files, "_WALL_SECONDS", 1)
    assert refuse(slow) == "too_costly"


def test_the_process_is_given_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets may stand in the environment: the program that opens strangers' files must not see them."""
    given: list[object] = []
    before = subprocess.Popen

    def note(*arguments: Any, **options: Any) -> Any:
        given.append(options["env"])
        return before(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", note)
    read_table_file(write_workbook({"명부": [HEADING]}))
    assert given == [{}]


def test_formatted_rows_and_columns_without_end() -> None:
    content = write_workbook({"명부": [HEADING, ROW]})
    part = zipfile.ZipFile(io.BytesIO(content)).read(SHEET_PART).decode()
    far = "<row r='1048576'><c r='XFD1048576' s='1'/></row></sheetData>"
    assert read_rows(replace_part(content, SHEET_PART, part.replace("</sheetData>", far).encode())) == [HEADING, ROW]
