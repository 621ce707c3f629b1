"""The gettext catalogues: English in the source, Korean and Japanese here.

`load_translator` serves the modules that know no request; pages are translated through Flask-Babel from the same
catalogues. `make translations` extracts, updates and compiles them; compiled files are not kept in git.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
DOMAIN = "messages"
SOURCE_LANGUAGE = "en"
TRANSLATED = ("ko", "ja")


class CatalogueMissing(Exception):
    """A catalogue is not compiled; the message says what to do."""


def find_compiled(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo"


def check_catalogues() -> None:
    """Raises CatalogueMissing where a language would silently be shown in English."""
    for language in TRANSLATED:
        if not find_compiled(language).is_file():
            raise CatalogueMissing(f"the {language} catalogue is not compiled: run `make catalogues`")


@lru_cache(maxsize=len(TRANSLATED) + 1)
def load_translator(language: str) -> gettext.NullTranslations:
    """The catalogue of a language (`.gettext`, `.ngettext`); English is the source and needs none.

    Raises CatalogueMissing.
    """
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    try:
        return gettext.translation(DOMAIN, FOLDER, [language])
    except FileNotFoundError as fault:
        raise CatalogueMissing(f"the {language} catalogue is not compiled: run `make catalogues`") from fault
