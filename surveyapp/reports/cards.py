"""A figure with all that belongs to it: the question it answers, a sentence, where it comes from, chart and table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from surveyapp.analysis.intervals import Share, do_overlap
from surveyapp.analysis.masks import Origin
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.reports.charts import Chart
from surveyapp.reports.tables import Cell, Table
from surveyapp.reports.words import BLANK, Words

MOST_NAMED = 3  # answers that a sentence lists


@dataclass(frozen=True, slots=True)
class Fact:
    """One item of the line under a figure."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class FigureCard:
    """One figure of a page. Without charts and tables `empty` says why there is nothing to see."""

    name: str  # its anchor
    title: str
    summary: str
    facts: tuple[Fact, ...]
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    empty: str = ""
    lead: str = ""
    is_wide: bool = False  # the table needs the whole width and stands under the chart


@dataclass(frozen=True, slots=True)
class Source:
    """What a report says about its round: title by id, and the questionnaire that its filters belong to."""

    words: Words
    questionnaire: Questionnaire
    round_titles: Mapping[int, str]

    def count(self, origin: Origin, number: int) -> str:
        """`12 companies` or, where a round counts returns, `12 returns`."""
        if origin.unit == "companies":
            return self.words.ngettext("%(n)s company", "%(n)s companies", number)
        return self.words.ngettext("%(n)s return", "%(n)s returns", number)

    def list_facts(self, origin: Origin, *, base: str, method: str) -> tuple[Fact, ...]:
        """Base, round, filter and method: the line without which no figure is shown."""
        words = self.words
        facts = [
            Fact(words.gettext("Base"), base),
            *self.list_staff_facts(origin),
            Fact(words.gettext("Round"), self.round_titles.get(origin.round_id, str(origin.round_id))),
        ]
        if origin.filters:
            facts.append(Fact(words.gettext("Filter"), self.describe_filters(origin)))
        facts.append(Fact(words.gettext("Method"), method))
        facts.append(
            Fact(
                words.gettext("Data"),
                words.gettext(
                    "questionnaire %(versions)s, revision %(revision)s",
                    versions=self.words.join(origin.versions) or self.questionnaire.version,
                    revision=f"{origin.revision:,}",
                ),
            )
        )
        return tuple(facts)

    def list_staff_facts(self, origin: Origin) -> tuple[Fact, ...]:
        """How many of the returns staff typed on a company's behalf, by mode; nothing where there are none."""
        if not origin.by_staff:
            return ()
        words = self.words
        names = {"phone": words.gettext("by telephone"), "paper": words.gettext("on paper")}
        total = sum(count for _, count in origin.by_staff)
        modes = words.join([f"{names[mode]} {count:,}" for mode, count in origin.by_staff])
        told = words.ngettext("%(n)s return (%(modes)s)", "%(n)s returns (%(modes)s)", total, modes=modes)
        return (Fact(words.gettext("Entered by staff"), told),)

    def describe_filters(self, origin: Origin) -> str:
        parts = []
        for name, chosen in origin.filters:
            question = self.questionnaire.by_name[name]
            labels = [self.words.text(choice.label) for choice in question.choices if choice.name in chosen]
            parts.append(self.words.pair(self.words.text(question.label), " / ".join(labels)))
        return self.words.join_clauses(parts)


def write_share(words: Words, share: Share) -> str:
    """`67%`, a dash where there is no base."""
    return words.percent(share.value)


def write_share_interval(words: Words, share: Share) -> str:
    """`39–86%`, the 95 % interval."""
    interval = share.interval
    if interval is None:
        return BLANK
    return words.interval(interval[0] * 100, interval[1] * 100, unit="%")


def write_of(share: Share) -> str:
    """`8/12`: the count and its base."""
    return f"{share.count:,}/{share.base:,}"


def build_share_cell(words: Words, share: Share) -> Cell:
    """Percentage with count and base below it."""
    return Cell(write_share(words, share), note=write_of(share), tone="" if share.base else "faint")


def describe_rows(words: Words, what: str, rows: Iterable[tuple[str, str]]) -> str:
    """What a chart shows with the value of each of its marks, for those who do not see it."""
    return f"{what} {words.join(f'{label} {value}' for label, value in rows)}"


def describe_lead(words: Words, answers: Sequence[tuple[str, Share]]) -> str:
    """Which answer was given most often, or that none can be said to lead: no more than the intervals carry.

    An answer leads where its 95 % interval lies above those of all others. Blank where nobody answered.
    """
    given = sorted((answer for answer in answers if answer[1].count), key=lambda answer: -answer[1].count)
    if not given:
        return ""
    label, first = given[0]
    if first.interval is not None and not any(
        share.interval is not None and do_overlap(first.interval, share.interval) for _, share in given[1:]
    ):
        return words.gettext(
            "Most often: %(answer)s (%(share)s, %(count)s).",
            answer=label,
            share=write_share(words, first),
            count=write_of(first),
        )
    shown = [f"{label} {write_of(share)}" for label, share in given[:MOST_NAMED]]
    return words.gettext(
        "Highest counts: %(answers)s. Their intervals overlap, so none is said to lead.",
        answers=words.join(shown),
    )
