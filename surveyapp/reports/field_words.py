"""What reports on the field share: their source, and the names of steps, dispositions and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from surveyapp.analysis.field_progress import FieldProgress, SegmentProgress
from surveyapp.analysis.field_records import UNKNOWN, Disposition, Segment, Step
from surveyapp.fieldwork.directory.columns import Membership
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.reports.cards import Fact
from surveyapp.reports.directory_words import name_choice, name_membership
from surveyapp.reports.words import Words

_QUESTIONS: Mapping[Segment, str] = {"size": "company_size", "main_business": "company_type"}
_NOT_KNOWN = frozenset({UNKNOWN, "unknown"})


@dataclass(frozen=True, slots=True)
class FieldSource:
    """What a report on the field says of its round."""

    words: Words
    round: Round
    questionnaire: Questionnaire
    progress: FieldProgress

    def list_facts(self, base: str, method: str) -> tuple[Fact, ...]:
        words = self.words
        return (
            Fact(words.gettext("Base"), base),
            Fact(words.gettext("Round"), words.text(self.round.title)),
            Fact(words.gettext("Method"), method),
            Fact(words.gettext("As of"), words.time(self.progress.at)),
        )

    @property
    def base(self) -> str:
        invited = self.progress.total.invited
        return self.words.ngettext("%(n)s invited company", "%(n)s invited companies", invited)


def name_step(words: Words, step: Step) -> str:
    return {
        Step.INVITED: words.gettext("Invited"),
        Step.DELIVERED: words.gettext("Delivered"),
        Step.BOUNCED: words.gettext("Came back"),
        Step.OPENED: words.gettext("Link opened"),
        Step.BEGUN: words.gettext("Begun"),
        Step.SUBMITTED: words.gettext("Return submitted"),
        Step.REFUSED: words.gettext("Said no"),
        Step.WITHDRAWN: words.gettext("Withdrawn"),
    }[step]


def name_disposition(words: Words, disposition: Disposition) -> str:
    return {
        Disposition.COMPLETE: words.gettext("Complete: return submitted"),
        Disposition.REFUSAL: words.gettext("Refusal: said no, or withdrew the return"),
        Disposition.IMPLICIT_REFUSAL: words.gettext("Implicit refusal: link opened, nothing answered"),
        Disposition.BREAK_OFF: words.gettext("Break-off: begun, not submitted"),
        Disposition.NOT_SENT: words.gettext("Unknown: invited, no link sent yet"),
        Disposition.NOTHING_RETURNED: words.gettext("Unknown: link sent, nothing returned"),
        Disposition.UNDELIVERED: words.gettext("Unknown: mail came back"),
        Disposition.NOT_IN_SAMPLE: words.gettext("Not in the sample: invitation taken back"),
    }[disposition]


def name_segment(words: Words, segment: Segment) -> str:
    return {
        "size": words.gettext("By number of employees"),
        "main_business": words.gettext("By main line of business"),
        "membership": words.gettext("By membership"),
    }[segment]


def list_known(source: FieldSource, segment: Segment, groups: Sequence[SegmentProgress]) -> tuple[SegmentProgress, ...]:
    """The groups of a segment in the order of the questionnaire; none where the directory tells no companies apart."""
    by_value = {group.value: group for group in groups}
    return tuple(by_value[value] for value in list_known_values(source, segment, list(by_value)))


def list_known_values(source: FieldSource, segment: Segment, values: Sequence[str]) -> tuple[str, ...]:
    """The same of the values alone."""
    question = source.questionnaire.by_name.get(_QUESTIONS.get(segment, ""))
    order = {choice.name: place for place, choice in enumerate(question.choices if question is not None else ())}
    known = [value for value in values if value not in _NOT_KNOWN]
    unknown = [value for value in values if value in _NOT_KNOWN]
    if not known:
        return ()
    return (*sorted(known, key=lambda value: order.get(value, len(order))), *unknown)


def name_value(source: FieldSource, segment: Segment, value: str) -> str:
    words = source.words
    if segment == "membership":
        return name_membership(words, cast(Membership, value))
    if value == UNKNOWN:
        return words.gettext("Not known")
    question = source.questionnaire.by_name.get(_QUESTIONS[segment])
    return name_choice(words, question.choices if question is not None else (), value)


def warn_of_scanners(words: Words) -> str:
    """What "opened" is worth: a request without a person behind it looks like any other."""
    return words.gettext(
        "Mail scanners open links to check them, so more companies may count as “link opened” than opened it in "
        "person. Nothing is begun by that."
    )


def say_nobody_invited(words: Words) -> str:
    return words.gettext("No company is invited to this round yet.")
