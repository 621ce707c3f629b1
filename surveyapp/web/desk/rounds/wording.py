"""Words for what a round's forms ask, what stands in the way of opening it, and why something cannot be done."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask_babel import gettext as _

from surveyapp.fieldwork.rounds import (
    Obstacle,
    Round,
    RoundBegun,
    RoundFault,
    RoundFictional,
    SlugTaken,
    SlugUnusable,
    StateWrong,
)
from surveyapp.questionnaire.model import Language, Question, Questionnaire
from surveyapp.reports.words import Words
from surveyapp.web.desk.rounds.typed import name_field
from surveyapp.web.desk.surroundings import name_state
from surveyapp.web.frame import LANGUAGE_NAMES, SummaryFault
from surveyapp.web.locale import show_time
from surveyapp.web.respondent.notice_text import split_notice, split_topic

_MARK = re.compile(r"\{\{\w+\}\}")
MOST_PLACE = 60  # characters of a question that say which one it is
# Placeholders that the frame of every page shows besides (web/respondent/open_return).
ON_EVERY_PAGE = ("operator", "privacy_contact")


def name_placeholder(name: str) -> str:
    """The words of an operator in few words; a questionnaire may ask for others, which are called by their name."""
    named: dict[str, str] = {
        "operator": _("Who conducts the survey"),
        "privacy_contact": _("Contact for the survey and personal data"),
        "retention_text": _("How long answers are kept"),
        "retention_contact": _("How long contact details are kept"),
    }
    return named.get(name, name)


def explain_placeholder(name: str) -> str:
    explained: dict[str, str] = {
        "operator": _("The name of the association, as it stands in a sentence."),
        "privacy_contact": _("Department, telephone and e-mail address. Companies turn to it with every enquiry."),
        "retention_text": _("A period or a day, and from when it runs. The law requires that it be named."),
        "retention_contact": _("A period or a day for names, addresses and telephone numbers of persons."),
    }
    return explained.get(name, "")


def list_places(questionnaire: Questionnaire, name: str, words: Words) -> tuple[str, ...]:
    """Where a company meets the operator's words."""
    mark = "{{" + name + "}}"
    places = [name_place(row, words) for row in questionnaire.rows if mark in row.label.en]
    if name == ON_EVERY_PAGE[0]:
        places.insert(0, _("On top of every page"))
    if name == ON_EVERY_PAGE[1]:
        places.append(_("At the foot of every page"))
    return tuple(dict.fromkeys(places))


def name_place(row: Question, words: Words) -> str:
    """A text of the questionnaire by its section and its own heading or beginning."""
    label = words.text(row.label)
    heading = split_notice(label).title or split_topic(label)[1]
    heading = _MARK.sub("…", heading)
    short = heading if len(heading) <= MOST_PLACE else f"{heading[:MOST_PLACE].rstrip()}…"
    return words.pair(words.text(row.section.label), short)


def describe_obstacle(obstacle: Obstacle, words: Words) -> SummaryFault:
    """What is missing, with the way to the field."""
    missing = words.join(LANGUAGE_NAMES[language] for language in obstacle.languages)
    first: Language = obstacle.languages[0] if obstacle.languages else "ko"
    match obstacle.kind:
        case "title_missing":
            return SummaryFault(
                _("The title is missing in: %(languages)s", languages=missing), f"#{name_field('title', first)}"
            )
        case "opens_in_the_past":
            return SummaryFault(
                _("The opening time has passed. Enter a later one, or open the round at once."), "#opens_at"
            )
        case "closes_in_the_past":
            return SummaryFault(_("The closing time has passed. Enter a later one."), "#closes_at")
        case "text_unfilled":
            text = _(
                "“%(name)s” is not filled in, or holds the sample in brackets, in: %(languages)s",
                name=name_placeholder(obstacle.name),
                languages=missing,
            )
        case "text_is_sample":
            text = _(
                "“%(name)s” holds wording of the sample round in: %(languages)s",
                name=name_placeholder(obstacle.name),
                languages=missing,
            )
    return SummaryFault(text, f"#{name_field(obstacle.name, first)}")


def describe_refusal(fault: RoundFault, words: Words) -> str:
    """Why nothing was changed."""
    told: str
    match fault:
        case SlugTaken():
            told = _("Another round has this short name. Choose another one.")
        case SlugUnusable():
            told = _("Use small letters a to z, digits and hyphens, at most 64, with no hyphen at either end.")
        case RoundBegun():
            told = _("Companies have begun returns in this round, so this cannot be changed any more.")
        case RoundFictional():
            told = _("Nothing was changed. The companies of this round are invented, so it is not opened to real ones.")
        case StateWrong():
            told = _(
                "Nothing was changed, because the round is in another state by now (%(state)s).",
                state=name_state(fault.state, words),
            )
        case _:
            told = _("The round cannot be changed like this. Please check the entries.")
    return told


def explain_state(round_: Round, state: str) -> str:
    """What the state means for companies; of a sample round, why there is so little to do."""
    if round_.kind == "sample":
        said: str = _(
            "The companies and returns of this round are invented, and no real answers may come among them. So it is "
            "not opened, reopened or extended. What companies would read can be looked at, and the thresholds can be "
            "tried."
        )
        return said
    explained: dict[str, str] = {
        "in_preparation": _("Nobody outside the desk can see this round. It opens only after it has been scheduled."),
        "not_yet_open": _("It opens by itself on %(time)s.", time=show_time(round_.opens_at)),
        "open": _("It closes by itself on %(time)s.", time=show_time(round_.closes_at)),
        "closed": _(
            "It closed on %(time)s. Companies can still read and withdraw their returns.",
            time=show_time(round_.closes_at),
        ),
    }
    return explained[state]


def name_fields(questionnaire: Questionnaire) -> Mapping[str, str]:
    """Labels of a plan's fields by their name."""
    names = {
        "slug": _("Short name in the address"),
        "kind": _("Kind of round"),
        "version": _("Questionnaire version"),
        "open_link": _("Who may take part"),
        "opens_at": _("Opens"),
        "closes_at": _("Closes"),
    }
    for name in ("title", *questionnaire.placeholders):
        for language, own in LANGUAGE_NAMES.items():
            text = _("Title") if name == "title" else name_placeholder(name)
            names[name_field(name, language)] = f"{text} ({own})"
    return names
