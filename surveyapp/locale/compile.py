"""Compile the catalogues whose sources are newer: `python -m surveyapp.locale.compile`."""

from __future__ import annotations

import os
import sys
from tempfile import NamedTemporaryFile

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from surveyapp.locale import DOMAIN, TRANSLATED, find_compiled


def compile_catalogues() -> tuple[str, ...]:
    """Write each `.mo` that is missing or older than its `.po`; the languages written."""
    written: list[str] = []
    for language in TRANSLATED:
        compiled = find_compiled(language)
        source = compiled.with_suffix(".po")
        if compiled.is_file() and compiled.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as stream:
            catalogue = read_po(stream, locale=language, domain=DOMAIN)
        with NamedTemporaryFile(dir=compiled.parent, delete=False) as target:
            write_mo(target, catalogue)
        os.chmod(target.name, 0o644)
        os.replace(target.name, compiled)
        written.append(language)
    return tuple(written)


if __name__ == "__main__":
    for each in compile_catalogues():
        sys.stdout.write(f"compiled the {each} catalogue\n")
