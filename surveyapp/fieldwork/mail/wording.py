"""What is put into the placeholders of a mail, and what stands below its words, in the language of whoever gets it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import dates

from surveyapp.fieldwork.mail.composing import Foot, Letter, write_letter
from surveyapp.fieldwork.mail.templates import Template
from surveyapp.fieldwork.rounds import Round
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language, Text

ZONE_NAME: Final = "Asia/Seoul"
_ZONE = ZoneInfo(ZONE_NAME)
_OPERATOR, _CONTACT = "operator", "privacy_contact"  # placeholders of the questionnaire that the operator filled
_NOBODY: Mapping[Language, str] = {"ko": "담당자", "en": "To whom it may concern", "ja": "ご担当者"}


def list_round_values(round_: Round, language: Language) -> dict[str, str]:
    """The placeholders that are the same for everybody."""
    return {
        "round": round_.title.in_language(language),
        "closes": write_time(round_.closes_at, language),
        "operator": _find_words(round_, _OPERATOR, language),
        "contact": _find_words(round_, _CONTACT, language),
    }


def list_personal_values(*, company: Text, person: str, language: Language, link: str) -> dict[str, str]:
    return {"company": choose_name(company, language), "person": person.strip() or _NOBODY[language], "link": link}


def choose_name(name: Text, language: Language) -> str:
    """The company's name in this language, or in the first one that it has one in."""
    wanted = (language, *(each for each in LANGUAGES if each != language))
    return next((words for each in wanted if (words := name.in_language(each).strip())), "")


@lru_cache(maxsize=64)
def write_time(moment: datetime, language: Language) -> str:
    """Date and time of day in Seoul, the zone named, as the pages write them."""
    local = moment.astimezone(_ZONE)
    separator = ", " if language == "en" else " "
    return f"{dates.format_date(local, 'long', locale=language)}{separator}{local:%H:%M} ({ZONE_NAME})"


def fill_letter(
    round_: Round, language: Language, template: Template, values: Mapping[str, str], *, decline_url: str = ""
) -> Letter:
    """The mail's words with everything in its place. `decline_url` is where mails like it can be declined."""
    translator = load_translator(language)
    operator = _find_words(round_, _OPERATOR, language)
    sentences = (
        translator.gettext("Sender: %(operator)s") % {"operator": operator},
        translator.gettext("This mail loads no pictures and does not report that it was opened."),
    )
    decline = translator.gettext("Receive no more mails about this survey") if decline_url else ""
    return write_letter(
        language,
        template,
        {**list_round_values(round_, language), **values},
        link_words=translator.gettext("Go to the survey"),
        foot=Foot(sentences, decline, decline_url),
    )


def _find_words(round_: Round, name: str, language: Language) -> str:
    words = round_.operator_texts.get(name)
    return words.in_language(language) if words is not None else ""
