"""What a round must have before it may open: words of the operator's own, a title, times that lie ahead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from surveyapp.fieldwork.rounds.model import Obstacle, Round, RoundDatesWrong, SlugUnusable
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire, Text

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_BRACKETED = re.compile(r"\s*[\[［].*[\]］]\s*", re.DOTALL)
# Words of the sample rounds, which an operator may have copied: they say that they are samples.
_SAMPLE_MARKS = ("(sample ", "(예시 ", "（例文）", "（連絡先の例）", "@example.")


def find_obstacles(round_: Round, questionnaire: Questionnaire, now: datetime) -> tuple[Obstacle, ...]:
    """Why the round cannot be scheduled now, in the order of its form; nothing where it can."""
    return tuple(_list_obstacles(round_, questionnaire, now))


def _list_obstacles(round_: Round, questionnaire: Questionnaire, now: datetime) -> Iterator[Obstacle]:
    blank = tuple(language for language in LANGUAGES if not round_.title.in_language(language).strip())
    if blank:
        yield Obstacle("title_missing", languages=blank)
    if round_.closes_at <= now:
        yield Obstacle("closes_in_the_past")
    elif round_.opens_at < now:
        yield Obstacle("opens_in_the_past")
    for name in questionnaire.placeholders:
        unfilled = find_blank_languages(round_.operator_texts.get(name))
        if unfilled:
            yield Obstacle("text_unfilled", name, unfilled)
        samples = find_sample_languages(round_.operator_texts.get(name))
        if samples and round_.kind == "real":
            yield Obstacle("text_is_sample", name, samples)


def find_unfilled(questionnaire: Questionnaire, operator_texts: Mapping[str, Text]) -> tuple[str, ...]:
    """Placeholders for which a language is blank or still holds a sample in square brackets or another placeholder."""
    return tuple(name for name in questionnaire.placeholders if find_blank_languages(operator_texts.get(name)))


def find_samples(questionnaire: Questionnaire, operator_texts: Mapping[str, Text]) -> tuple[str, ...]:
    """Placeholders that hold words of the sample rounds."""
    return tuple(name for name in questionnaire.placeholders if find_sample_languages(operator_texts.get(name)))


def find_blank_languages(text: Text | None) -> tuple[Language, ...]:
    """The languages in which the operator's own words are missing."""
    return tuple(language for language in LANGUAGES if text is None or not _is_filled(text.in_language(language)))


def find_sample_languages(text: Text | None) -> tuple[Language, ...]:
    """The languages whose words say that they are a sample."""
    return tuple(
        language
        for language in LANGUAGES
        if text is not None and any(mark in text.in_language(language) for mark in _SAMPLE_MARKS)
    )


def check_slug(slug: str) -> None:
    """Raises `SlugUnusable`."""
    if not _SLUG.fullmatch(slug):
        raise SlugUnusable(f"{slug!r} must be 1 to 64 small letters, digits and hyphens, with no hyphen at either end")


def check_dates(opens_at: datetime, closes_at: datetime) -> None:
    """Raises `RoundDatesWrong`."""
    if opens_at.tzinfo is None or closes_at.tzinfo is None:
        raise RoundDatesWrong("a round's times must say their zone")
    if closes_at <= opens_at:
        raise RoundDatesWrong("a round must close after it opens")


def _is_filled(words: str) -> bool:
    return bool(words.strip()) and "{{" not in words and not _BRACKETED.fullmatch(words)
