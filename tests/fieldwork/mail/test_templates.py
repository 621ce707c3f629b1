from __future__ import annotations

from dataclasses import replace

import pytest

from surveyapp.fieldwork.mail.templates import (
    MAILING_KINDS,
    MOST_BODY,
    PLACEHOLDERS,
    MailKind,
    Template,
    TemplateFault,
    fill,
    find_template_faults,
    load_default_templates,
    read_templates,
    write_templates,
)
from surveyapp.questionnaire.model import LANGUAGES


@pytest.mark.parametrize("kind", list(PLACEHOLDERS))
def test_the_default_words_can_be_sent(kind: MailKind) -> None:
    templates = load_default_templates(kind)
    assert set(templates) == set(LANGUAGES)
    assert find_template_faults(kind, templates) == ()
    assert read_templates(write_templates(templates)) == templates


def find_faults_of_english(subject: str | None = None, body: str | None = None) -> tuple[TemplateFault, ...]:
    templates = dict(load_default_templates("invitation"))
    english = templates["en"]
    templates["en"] = replace(
        english,
        subject=english.subject if subject is None else subject,
        body=english.body if body is None else body,
    )
    return find_template_faults("invitation", templates)


@pytest.mark.parametrize(
    ("subject", "body", "fault"),
    [
        (" ", None, TemplateFault("en", "subject", "blank")),
        ("one\ntwo", None, TemplateFault("en", "subject", "several_lines")),
        ("a" * 201, None, TemplateFault("en", "subject", "too_long")),
        ("Go: {{link}}", None, TemplateFault("en", "subject", "misplaced", name="link")),
        ("{{compony}}", None, TemplateFault("en", "subject", "unknown", name="compony")),
        ("{{round", None, TemplateFault("en", "subject", "unclosed")),
        (None, "\n", TemplateFault("en", "body", "blank")),
        (None, "{{link}}" + "a" * MOST_BODY, TemplateFault("en", "body", "too_long")),
        (None, "Dear {{company}}", TemplateFault("en", "body", "missing", name="link")),
        (None, "{{link}}\n\nby {{deadline}}", TemplateFault("en", "body", "unknown", line=3, name="deadline")),
        (None, "{{link}}\n{{ round", TemplateFault("en", "body", "unclosed", line=2)),
        (None, "{{link}}\n{{receipt}}", TemplateFault("en", "body", "unknown", line=2, name="receipt")),
    ],
)
def test_faults_are_named_with_their_place(subject: str | None, body: str | None, fault: TemplateFault) -> None:
    assert find_faults_of_english(subject, body) == (fault,)


def test_a_language_that_is_missing_is_a_fault() -> None:
    for kind in MAILING_KINDS:
        templates = dict(load_default_templates(kind))
        del templates["ja"]
        assert {(fault.language, fault.problem) for fault in find_template_faults(kind, templates)} == {("ja", "blank")}


def test_what_is_filled_in_is_not_looked_through_again() -> None:
    assert fill("{{company}} {{ link }}", {"company": "{{link}}", "link": "https://x"}) == "{{link}} https://x"


def test_blanks_inside_braces_do_not_matter() -> None:
    assert find_template_faults("resume", dict.fromkeys(LANGUAGES, Template("x", "{{ link }}"))) == ()
