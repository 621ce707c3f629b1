"""PDF files from HTML: tagged, in a font that holds every character, from nothing but what is handed in.

WeasyPrint is imported when the first PDF is written: it needs Pango, a library of the system, and everything else works
without it. What is missing is said (`PdfUnavailable`); a file with empty boxes for letters is never given out.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import threading
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

FORMAT = "1"  # raise it when the same HTML becomes another file
KEPT_FILES = 60  # of one folder; older ones are made again when somebody asks for them
_log = logging.getLogger(__name__)
_rendering = threading.Lock()  # one at a time in a process: a file takes seconds of a processor

MissingPart = Literal["library", "font"]


class PdfUnavailable(Exception):
    """No PDF can be written here: `missing` is what the system lacks, `details` its name."""

    def __init__(self, missing: MissingPart, details: str) -> None:
        super().__init__(f"no PDF without {missing}: {details}")
        self.missing = missing


def load_pdf(folder: Path, html: str, styles: str, *, files: Path) -> bytes:
    """The PDF of this very HTML, from the folder where it was written before. Raises `PdfUnavailable`."""
    key = hashlib.sha256("\0".join((FORMAT, styles, html)).encode()).hexdigest()[:40]
    path = folder / f"{key}.pdf"
    return _read(path) or _write_once(path, lambda: write_pdf(html, styles, files=files))


def write_private_pdf(html: str, styles: str, *, files: Path) -> bytes:
    """A PDF of one company's own answers: kept nowhere, and one at a time. Raises `PdfUnavailable`."""
    with _rendering:
        return write_pdf(html, styles, files=files)


def write_pdf(html: str, styles: str, *, files: Path) -> bytes:
    """A tagged PDF. The HTML may name files inside `files` and nothing else. Raises `PdfUnavailable`."""
    try:
        import weasyprint
        from weasyprint.urls import FatalURLFetchingError, URLFetcherResponse
    except OSError as error:  # what the system lacks; a missing Python package is a broken installation
        raise PdfUnavailable("library", str(error)) from error

    def fetch(url: str) -> Any:
        path = find_file(url, files)
        if path is None:
            raise FatalURLFetchingError(f"not a file of this application: {url[:200]}")
        return URLFetcherResponse(url, path.read_bytes())

    def check_fonts(document: Any, pdf: Any) -> None:
        missing = {point for font in document.fonts.values() for point in font.missing}
        letters = sorted(point for point in missing if unicodedata.category(chr(point)).startswith("L"))
        if letters:
            names = ", ".join(f"U+{point:04X}" for point in letters[:5])
            raise PdfUnavailable("font", names)

    sheet = weasyprint.CSS(string=styles, url_fetcher=fetch, base_url=files.as_uri() + "/")
    document = weasyprint.HTML(string=html, url_fetcher=fetch, base_url=files.as_uri() + "/")
    written: bytes = document.write_pdf(
        stylesheets=[sheet], pdf_variant="pdf/ua-1", finisher=check_fonts, optimize_images=False
    )
    return written


def find_file(url: str, files: Path) -> Path | None:
    """The file that an address names, if it lies inside the folder."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc:
        return None
    path = Path(url2pathname(parts.path)).resolve()
    return path if path.is_relative_to(files.resolve()) and path.is_file() else None


def _write_once(path: Path, write: Callable[[], bytes]) -> bytes:
    with _rendering:
        found = _read(path)  # written while we waited
        if found is None:
            found = write()
            _keep(path, found)
        return found


def _read(path: Path) -> bytes | None:
    with suppress(OSError):
        content = path.read_bytes()
        return content if content.startswith(b"%PDF-") else None
    return None


def _keep(path: Path, content: bytes) -> None:
    """One file that is either complete or not there. Where the folder cannot be written, it is made again next time."""
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
        _drop_oldest(path.parent)
    except OSError as error:
        _log.warning("the PDF could not be kept in %s: %s", path.parent, error.strerror)
        if name:
            with suppress(OSError):
                Path(name).unlink(missing_ok=True)


def _drop_oldest(folder: Path) -> None:
    kept = sorted(folder.glob("*.pdf"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[KEPT_FILES:]:
        path.unlink(missing_ok=True)
