"""What is held about one company or person as a file to hand over: JSON for programs, a page for people, in one ZIP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from surveyapp.reports.words import Words

MEDIA_TYPE = "application/zip"
DATA_FILE, PAGE_FILE = "data.json", "readable.html"
_STYLE = (
    "body{font:16px/1.6 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "dl{margin:0 0 1rem;border-left:2px solid #ccc;padding-left:1rem}dt{font-weight:bold;margin-top:.5rem}"
    "dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}"
)


def name_access_file(survey_id: str, subject: str, now: datetime) -> str:
    """A name that holds neither company nor address: file names travel further than files."""
    return f"{survey_id}_access_{subject}_{now:%Y%m%dT%H%M%SZ}.zip"


def write_access_file(held: Mapping[str, Any], words: Words) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as file:
        file.writestr(DATA_FILE, json.dumps(held, ensure_ascii=False, indent=2))
        file.writestr(PAGE_FILE, "".join(_write_page(held, words)))
    return content.getvalue()


def _write_page(held: Mapping[str, Any], words: Words) -> Iterator[str]:
    title = escape(words.gettext("Everything that is held"))
    yield f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
    for name, value in held.items():
        yield f"<h2>{escape(name_part(words, name))}</h2>"
        yield from _write_value(value, words)
    yield "</body></html>"


def _write_value(value: Any, words: Words) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "question" in value:  # an answer in words needs no names of rows and columns beside them
            value = {value["question"]: value["answer"]}
        yield "<dl>"
        for name, inner in value.items():
            yield f"<dt>{escape(name_part(words, name))}</dt><dd>"
            yield from _write_value(inner, words)
            yield "</dd>"
        yield "</dl>"
    elif isinstance(value, list) and value:
        for each in value:
            yield from _write_value(each, words)
    else:
        yield escape(_write_plain(value, words))


def _write_plain(value: Any, words: Words) -> str:
    if value is None or value in ("", []):
        return words.gettext("Nothing is held")
    if isinstance(value, bool):
        return words.gettext("Yes") if value else words.gettext("No")
    text = str(value)
    try:
        moment = datetime.fromisoformat(text) if len(text) > 18 and text[10] == "T" else None
    except ValueError:
        moment = None
    return text if moment is None else words.time(moment)


def name_part(words: Words, name: str) -> str:
    """What a part of the record is called; a name that is not known here stands as it is."""
    return {
        "address": words.gettext("E-mail address"),
        "answers_not_submitted": words.gettext("Answers saved and not submitted"),
        "answers_submitted": words.gettext("Answers submitted"),
        "company": words.gettext("Company"),
        "consents": words.gettext("Consents"),
        "contacts": words.gettext("Contacts"),
        "files_that_left": words.gettext("Files that left with it"),
        "gathered_at": words.gettext("Gathered"),
        "invitations": words.gettext("Invitations"),
        "links": words.gettext("Links"),
        "mails": words.gettext("Mails"),
        "returns": words.gettext("Returns"),
        "round": words.gettext("Survey round"),
        "said": words.gettext("What was said"),
        "said_at": words.gettext("When it was said"),
        "state": words.gettext("State"),
        "wants_no_mail_since": words.gettext("Wants no mail since"),
        "words": words.gettext("The words that were shown"),
    }.get(name, name)
