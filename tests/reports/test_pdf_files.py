"""PDF files: made of what was handed in and of nothing else, and never with empty boxes for letters."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from weasyprint.urls import FatalURLFetchingError

from surveyapp.reports.pdf_files import KEPT_FILES, PdfUnavailable, find_file, load_pdf, write_pdf

STYLES = "p { font-family: 'Noto Sans CJK KR', sans-serif }"


def write_html(body: str) -> str:
    return f'<!doctype html><html lang="ko"><head><title>제목</title></head><body>{body}</body></html>'


def test_files_of_the_folder_may_be_named_and_no_others(tmp_path: Path) -> None:
    files = tmp_path / "static"
    (files / "img").mkdir(parents=True)
    inside, outside = files / "img" / "mark.svg", tmp_path / "secrets.toml"
    inside.write_text("<svg/>")
    outside.write_text("key")
    (files / "link.svg").symlink_to(outside)
    assert find_file(inside.as_uri(), files) == inside
    for url in (
        outside.as_uri(),
        (files / "link.svg").as_uri(),
        f"{files.as_uri()}/../secrets.toml",
        f"{files.as_uri()}/%2e%2e/secrets.toml",
        f"{files.as_uri()}/none.svg",
        "file://elsewhere/etc/passwd",
        "https://example.com/mark.svg",
        "data:text/plain,x",
    ):
        assert find_file(url, files) is None, url


@pytest.mark.parametrize(
    "body",
    ['<img src="https://example.com/a.png" alt="">', '<img src="/etc/passwd" alt="">', '<img src="../a" alt="">'],
)
def test_whatever_else_is_named_stops_the_file(tmp_path: Path, body: str) -> None:
    with pytest.raises(FatalURLFetchingError):
        write_pdf(write_html(body), STYLES, files=tmp_path)
    with pytest.raises(FatalURLFetchingError):
        write_pdf(write_html("<p>가</p>"), "p { background: url(http://example.com/a.png) }", files=tmp_path)


def test_a_letter_that_no_font_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(PdfUnavailable) as caught:
        write_pdf(write_html("<p>가 \U00018b00</p>"), STYLES, files=tmp_path)
    assert caught.value.missing == "font"
    assert "U+18B00" in str(caught.value)


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    in_the_way = tmp_path / "caches"
    in_the_way.write_text("a file")
    assert load_pdf(in_the_way, write_html("<p>가</p>"), STYLES, files=tmp_path).startswith(b"%PDF-")


def test_a_kept_file_is_given_out_unless_it_is_damaged(tmp_path: Path) -> None:
    html, folder = write_html("<p>가</p>"), tmp_path / "kept"
    first = load_pdf(folder, html, STYLES, files=tmp_path)
    (kept,) = folder.iterdir()
    kept.write_bytes(b"%PDF-kept")
    assert load_pdf(folder, html, STYLES, files=tmp_path) == b"%PDF-kept"
    assert load_pdf(folder, html, STYLES + " ", files=tmp_path) != b"%PDF-kept"  # other styles, another file
    kept.write_bytes(b"damaged")
    assert load_pdf(folder, html, STYLES, files=tmp_path) == kept.read_bytes() == first


def test_old_files_make_room(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    for number in range(KEPT_FILES + 3):
        path = folder / f"{number}.pdf"
        path.write_bytes(b"%PDF-")
        os.utime(path, (number, number))
    load_pdf(folder, write_html("<p>가</p>"), STYLES, files=tmp_path)
    kept = {path.name for path in folder.iterdir()}
    assert len(kept) == KEPT_FILES
    assert not {"0.pdf", "1.pdf", "2.pdf", "3.pdf"} & kept
