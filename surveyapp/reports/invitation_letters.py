"""Letters that invite a company, and the file of links: whom each is for, what it says, the link and its square code.

A letter is in the language of the person it is for, whatever the language of whoever prints it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import segno

from surveyapp.fieldwork.directory.names import choose_name
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire, Text
from surveyapp.reports.csv_export import BOM, LINE_END
from surveyapp.reports.safe_text import write_text_cell
from surveyapp.reports.words import Words

_OPERATOR, _CONTACT = "operator", "privacy_contact"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a link is for. `person` and `department` are blank where nobody of the company is known."""

    company_id: int
    company: Text
    person: str
    department: str
    language: Language
    state: str
    link: str


@dataclass(frozen=True, slots=True)
class LettersPage:
    """templates/desk/invitations/letters_pdf.html"""

    language: Language
    title: str
    author: str
    letters: tuple[Letter, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter in words. `code` is the link as an SVG drawing."""

    language: Language
    sender: str
    date: str
    address: tuple[str, ...]
    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    link_title: str
    link: str
    code: str
    code_words: str
    steps: tuple[str, ...]
    contact: str
    closing: str
    remark: str  # of a round that is not real


def build_letter(
    survey_round: Round, questionnaire: Questionnaire, recipient: Recipient, words: Words, *, now: datetime
) -> Letter:
    texts = survey_round.operator_texts
    sender = words.text(texts[_OPERATOR]) if _OPERATOR in texts else ""
    contact = words.text(texts[_CONTACT]) if _CONTACT in texts else ""
    title = words.text(questionnaire.title.filled(texts))
    company = choose_name(recipient.company, recipient.language)
    return Letter(
        language=recipient.language,
        sender=sender,
        date=words.day(now),
        address=_list_address(recipient, company),
        subject=title,
        greeting=words.gettext("To the person in charge of Japan at %(company)s", company=company),
        paragraphs=(
            words.gettext("%(sender)s invites your company to take part in this survey.", sender=sender or title),
            words.gettext(
                "It takes about %(least)s to %(most)s minutes. You can stop at any time and go on later on any device. "
                "The survey is open until %(time)s.",
                least=questionnaire.estimated_minutes[0],
                most=questionnaire.estimated_minutes[1],
                time=words.time(survey_round.closes_at),
            ),
        ),
        link_title=words.gettext("Your company's personal link"),
        link=recipient.link,
        code=draw_code(recipient.link, words.gettext("Square code that opens the link")),
        code_words=words.gettext("Point the camera of a telephone at it"),
        steps=(
            words.gettext("The link is for your company alone and leads to one return that you answer together."),
            words.gettext("Whoever has it can read and change your answers: keep this letter like a password."),
            words.gettext("Before you begin, you read what is done with your answers and say whether you agree."),
            words.gettext("Nobody is at a disadvantage who does not take part."),
        ),
        contact=words.pair(words.gettext("Contact, also where this is not for your company"), contact)
        if contact
        else "",
        closing=sender,
        remark=_name_kind(survey_round, words),
    )


def draw_code(link: str, title: str) -> str:
    """The link as a square code (QR, a quarter of which may be damaged), as SVG with its words."""
    drawing = io.BytesIO()
    segno.make(link, error="q", micro=False).save(
        drawing, kind="svg", xmldecl=False, svgns=True, border=4, scale=1, title=title, svgclass=None, lineclass=None
    )
    return drawing.getvalue().decode("utf-8").strip()


def write_links_csv(recipients: Iterable[Recipient], words: Words) -> bytes:
    """One line a company: UTF-8 with a mark, CRLF, every text made safe."""
    heading = (
        "company_id",
        *(f"name_{language}" for language in LANGUAGES),
        "department",
        "person",
        "language",
        "state",
        words.gettext("Personal link"),
    )
    lines = [",".join(map(write_text_cell, heading))]
    for each in recipients:
        cells = (
            *(each.company.in_language(language) for language in LANGUAGES),
            each.department,
            each.person,
            each.language,
            each.state,
            each.link,
        )
        lines.append(",".join([str(each.company_id), *map(write_text_cell, cells)]))
    return f"{BOM}{LINE_END.join(lines)}{LINE_END}".encode()


def _list_address(recipient: Recipient, company: str) -> tuple[str, ...]:
    """The company, then department and person as far as they are known; the post's own lines go beneath."""
    honorific = {"ko": "{} 귀하", "en": "{}", "ja": "{} 様"}[recipient.language]
    person = honorific.format(recipient.person) if recipient.person else ""
    return tuple(each for each in (company, recipient.department, person) if each)


def _name_kind(survey_round: Round, words: Words) -> str:
    return {
        "real": "",
        "trial": words.gettext("Trial round: what is entered is deleted afterwards."),
        "sample": words.gettext("Fictional data: this letter is a sample and is not sent."),
    }[survey_round.kind]
