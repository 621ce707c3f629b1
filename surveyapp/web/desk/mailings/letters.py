"""Letters of a mailing as somebody gets them: for the preview, and as a test mail to whoever prepares it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from surveyapp.fieldwork.mail.addresses import AddressUnusable, check_address
from surveyapp.fieldwork.mail.composing import Letter
from surveyapp.fieldwork.mail.mailings import Mailing, plan
from surveyapp.fieldwork.mail.singles import DECLINE, queue_single
from surveyapp.fieldwork.mail.wording import choose_name, fill_letter, list_personal_values
from surveyapp.questionnaire.model import Language, Text
from surveyapp.records.database import Connection
from surveyapp.web.desk.mailings.ground import Ground, find_office
from surveyapp.web.desk.mailings.pages import Preview
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import LANGUAGE_NAMES, Link

EXAMPLE_TOKEN = "example-link"
EXAMPLE_COMPANY = Text("(주)예시바이오", "Example Bio Co., Ltd.", "（株）例示バイオ")
EXAMPLE_PERSON = Text("김예시", "Kim Yesi", "金例示")


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Whom a letter is shown for."""

    company: Text
    name: str
    is_real: bool


def find_sample_person(connection: Connection, ground: Ground, found: Mailing, language: Language) -> SamplePerson:
    """The first one who would get the mailing in this language, or an invented one."""
    planned = plan(connection, ground.installation.vault, found, now=datetime.now(UTC))
    for line in planned.getting:
        if line.contact is not None and line.contact.language == language:
            return SamplePerson(line.company, line.contact.name, True)
    return SamplePerson(EXAMPLE_COMPANY, EXAMPLE_PERSON.in_language(language), False)


def render_letter(ground: Ground, found: Mailing, language: Language, person: SamplePerson) -> Letter:
    """The letter with links that lead nowhere: real ones are made when a mail is sent."""
    values = list_example_values(ground, language, person)
    decline_url = values.pop(DECLINE)
    return fill_letter(ground.round, language, found.templates[language], values, decline_url=decline_url)


def list_example_values(ground: Ground, language: Language, person: SamplePerson) -> dict[str, str]:
    base = ground.installation.settings.base_url
    values = list_personal_values(
        company=person.company, person=person.name, language=language, link=f"{base}/i/{EXAMPLE_TOKEN}/?lang={language}"
    )
    return {**values, DECLINE: f"{base}/u/{EXAMPLE_TOKEN}?lang={language}"}


def build_preview(connection: Connection, ground: Ground, found: Mailing, language: Language) -> Preview:
    person = find_sample_person(connection, ground, found, language)
    letter = render_letter(ground, found, language, person)
    here: dict[str, Any] = {"slug": ground.round.slug, "mailing_id": found.mailing_id}
    company = choose_name(person.company, language)
    if person.is_real:
        recipient = _("As %(person)s of %(company)s gets it.", person=person.name or _("the contact"), company=company)
    else:
        recipient = _("As an invented contact would get it: nobody gets this mailing in this language now.")
    return Preview(
        languages=tuple(
            Link(
                url_for("desk.show_mailing", **here, preview=each, _anchor="preview"), name, is_current=each == language
            )
            for each, name in LANGUAGE_NAMES.items()
        ),
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        language=language,
        html_url=url_for("desk.show_mail_html", **here, preview=language),
    )


def queue_test(
    connection: Connection, ground: Ground, found: Mailing, language: Language, *, actor: str, now: datetime
) -> bool:
    """Send the mailing's words to whoever asks; False where no mail can be sent to that address, or at all."""
    if find_office(ground.installation).server is None:
        return False
    try:
        address = check_address(find_actor())
    except AddressUnusable:
        return False
    queue_single(
        connection,
        ground.installation.vault,
        ground.round,
        "test",
        address,
        language=language,
        values=list_example_values(ground, language, find_sample_person(connection, ground, found, language)),
        now=now,
        actor=actor,
        mailing_id=found.mailing_id,
    )
    return True
