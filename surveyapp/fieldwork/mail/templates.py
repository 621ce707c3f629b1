"""The words of mails: their default, what may stand in them, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from ruamel.yaml import YAML

from surveyapp.questionnaire.model import LANGUAGES, Language

MailKind = Literal["invitation", "reminder", "receipt", "resume", "test"]
MailingKind = Literal["invitation", "reminder"]
MAILING_KINDS: tuple[MailingKind, ...] = get_args(MailingKind)
Part = Literal["subject", "body"]
TemplateProblem = Literal["blank", "too_long", "several_lines", "unknown", "misplaced", "missing", "unclosed"]

MOST_SUBJECT, MOST_BODY = 200, 8000  # characters
LINK = "link"
_COMMON = ("round", "closes", "contact", "operator")
PLACEHOLDERS: Mapping[MailKind, tuple[str, ...]] = {
    "invitation": (LINK, "company", "person", *_COMMON),
    "reminder": (LINK, "company", "person", *_COMMON),
    "receipt": ("receipt", "submitted", *_COMMON),
    "resume": (LINK, *_COMMON),
}
NEEDED: Mapping[MailKind, str] = {"invitation": LINK, "reminder": LINK, "receipt": "receipt", "resume": LINK}
_MARK = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_DEFAULTS = Path(__file__).with_name("default_texts.yaml")


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one mail in one language, with `{{placeholders}}`."""

    subject: str
    body: str


Templates = Mapping[Language, Template]


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """What is wrong where: `line` counts from 1 in the body; `name` is the placeholder it is about."""

    language: Language
    part: Part
    problem: TemplateProblem
    line: int = 0
    name: str = ""


@cache
def load_default_templates(kind: MailKind) -> Templates:
    """The words that a mail of this kind has where nobody wrote others."""
    found = _read_defaults()[kind]
    return {language: Template(found["subject"][language], found["body"][language]) for language in LANGUAGES}


def find_template_faults(kind: MailKind, templates: Templates) -> tuple[TemplateFault, ...]:
    """All that keeps a mail from being sent with these words, in the order of the languages."""
    return tuple(
        fault
        for language in LANGUAGES
        for fault in _find_faults(kind, language, templates.get(language, Template("", "")))
    )


def write_templates(templates: Templates) -> dict[str, dict[str, str]]:
    """As they are kept with a mailing."""
    return {language: {"subject": each.subject, "body": each.body} for language, each in templates.items()}


def read_templates(kept: Mapping[str, Mapping[str, str]]) -> dict[Language, Template]:
    return {language: Template(kept[language]["subject"], kept[language]["body"]) for language in LANGUAGES}


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders replaced, once: what a value holds is not looked through again."""
    return _MARK.sub(lambda mark: values.get(mark[1], mark[0]), text)


def find_names(text: str) -> tuple[str, ...]:
    """Placeholders in the order in which they stand."""
    return tuple(mark[1] for mark in _MARK.finditer(text))


def _find_faults(kind: MailKind, language: Language, template: Template) -> Iterator[TemplateFault]:
    subject, body = template.subject, template.body
    if not subject.strip():
        yield TemplateFault(language, "subject", "blank")
    elif len(subject.splitlines()) > 1:
        yield TemplateFault(language, "subject", "several_lines")
    elif len(subject) > MOST_SUBJECT:
        yield TemplateFault(language, "subject", "too_long")
    for name in find_names(subject):
        if name == LINK:
            yield TemplateFault(language, "subject", "misplaced", name=name)  # subjects are shown on locked screens
        elif name not in PLACEHOLDERS[kind]:
            yield TemplateFault(language, "subject", "unknown", name=name)
    if _has_loose_braces(subject):
        yield TemplateFault(language, "subject", "unclosed")
    if not body.strip():
        yield TemplateFault(language, "body", "blank")
    elif len(body) > MOST_BODY:
        yield TemplateFault(language, "body", "too_long")
    else:
        yield from _find_body_faults(kind, language, body)


def _find_body_faults(kind: MailKind, language: Language, body: str) -> Iterator[TemplateFault]:
    for number, line in enumerate(body.splitlines(), start=1):
        for name in find_names(line):
            if name not in PLACEHOLDERS[kind]:
                yield TemplateFault(language, "body", "unknown", line=number, name=name)
        if _has_loose_braces(line):
            yield TemplateFault(language, "body", "unclosed", line=number)
    if NEEDED[kind] not in find_names(body):
        yield TemplateFault(language, "body", "missing", name=NEEDED[kind])


def _has_loose_braces(text: str) -> bool:
    rest = _MARK.sub("", text)
    return "{{" in rest or "}}" in rest


@cache
def _read_defaults() -> Any:
    return YAML(typ="safe").load(_DEFAULTS.read_text(encoding="utf-8"))
