"""Which characters the interface and the questionnaire use, by language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

from babel.messages.pofile import read_po

from surveyapp.locale import FOLDER, TRANSLATED
from surveyapp.questionnaire.model import Language, Text
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.web.frame import LANGUAGE_NAMES
from surveyapp.web.shown_text import NO_BREAK_SPACE, WORD_JOINER

INVISIBLE = frozenset(f"\n\r\t{WORD_JOINER}{NO_BREAK_SPACE}\u200b\ufffd")  # drawn by nobody, or a mark for "none"


def list_characters(language: Language) -> frozenset[str]:
    """Every character that a page in `language` can show before anybody has typed a word."""
    words = [*list_words(language), *LANGUAGE_NAMES.values()]
    for source in (load_builtin_questionnaire(), load_taxonomy().issues):
        words += [text.in_language(language) for text in walk_texts(source, set())]
    return frozenset("".join(words)) - INVISIBLE


def list_words(language: Language) -> Iterator[str]:
    """The phrases of the interface."""
    for name in TRANSLATED:
        with (Path(str(FOLDER)) / name / "LC_MESSAGES" / "messages.po").open("rb") as stream:
            for message in read_po(stream):
                if language in (name, "en"):
                    shown = message.string if name == language else message.id
                    yield from (shown,) if isinstance(shown, str) else shown or ()


def walk_texts(value: object, seen: set[int]) -> Iterator[Text]:
    """The texts inside a questionnaire, wherever they stand."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Text):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from walk_texts(getattr(value, each.name), seen)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from walk_texts(item, seen)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from walk_texts(item, seen)
