"""What changed since the last meeting, in words: no more than two released tables say beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.analysis.disclosure import ReleasedIssueRow
from surveyapp.analysis.released_changes import Direction, ReleasedChange
from surveyapp.analysis.trends import Recurrence
from surveyapp.reports.briefing.figure_words import build_hidden_cell, shorten, write_counts
from surveyapp.reports.briefing.figures import BriefingFigures, Earlier
from surveyapp.reports.released_words import describe_hidden
from surveyapp.reports.tables import Cell
from surveyapp.reports.words import BLANK, Words

NAME_WIDTH = 44
MOST_NAMED = 4  # areas that a sentence names; the rest is counted, and stands in the table


def name_direction(words: Words, direction: Direction) -> str:
    return {
        "more": words.gettext("More than before"),
        "fewer": words.gettext("Fewer than before"),
        "unclear": words.gettext("No clear change"),
    }[direction]


def name_recurrence(words: Words, recurrence: Recurrence) -> str:
    return {"recurring": words.gettext("Recurring"), "new": words.gettext("New")}[recurrence]


def build_change_cell(words: Words, figures: BriefingFigures, code: str) -> Cell:
    """What may be said of one row, and the figure it is compared with."""
    change, earlier = figures.find_change(code), figures.earlier
    if change is None or earlier is None:
        return Cell(BLANK, tone="faint")
    if change.before is None:
        return Cell(words.gettext("Not comparable"), tone="faint")
    if change.hidden is not None or change.direction is None:
        return build_hidden_cell(words, change.hidden) if change.hidden else Cell(BLANK)
    before = words.gettext(
        "before: %(count)s of %(base)s (%(share)s)",
        count=words.number(change.before.count),
        base=words.number(change.before.base),
        share=words.percent(change.before.value, 1),
    )
    recurrence = "" if change.recurrence is None else name_recurrence(words, change.recurrence)
    return Cell(
        name_direction(words, change.direction),
        note=words.join([each for each in (before, recurrence) if each]),
        tone="" if change.direction == "unclear" else "strong",
    )


def write_changes(words: Words, figures: BriefingFigures) -> tuple[str, ...]:
    """Sentences on the areas of the briefing."""
    earlier = figures.earlier
    if earlier is None:
        return (words.gettext("There is no earlier round to compare with."),)
    if figures.table.origin.unit != earlier.table.origin.unit:
        return (words.gettext("One round counts companies and the other returns, so they cannot be compared."),)
    if earlier.table.base.hidden is not None:
        reason = describe_hidden(words, earlier.table.base.hidden)
        title = name_earlier(words, earlier)
        return (words.gettext("The figures of “%(round)s” may not be shown (%(reason)s).", round=title, reason=reason),)
    return tuple(_list_sentences(words, figures, earlier))


def _list_sentences(words: Words, figures: BriefingFigures, earlier: Earlier) -> Iterator[str]:
    changes = [(row, change) for row in figures.areas if (change := figures.find_change(row.code)) is not None]
    yield words.gettext("Compared with “%(round)s”:", round=name_earlier(words, earlier))
    more = [pair for pair in changes if pair[1].direction == "more"]
    fewer = [pair for pair in changes if pair[1].direction == "fewer"]
    if more:
        yield words.gettext("Named by more: %(areas)s.", areas=_name_pairs(words, figures, earlier, more))
    if fewer:
        yield words.gettext("Named by fewer: %(areas)s.", areas=_name_pairs(words, figures, earlier, fewer))
    if not more and not fewer:
        yield words.gettext("In no area do the two intervals lie apart, so no change is claimed.")
    unclear = sum(change.direction == "unclear" for _, change in changes)
    if unclear and (more or fewer):
        yield words.ngettext("In %(n)s area no clear change.", "In %(n)s areas no clear change.", unclear)
    recurring = sum(change.recurrence == "recurring" for _, change in changes)
    if recurring:
        yield words.ngettext("%(n)s area recurs.", "%(n)s areas recur.", recurring)
    new = sum(change.recurrence == "new" for _, change in changes)
    if new:
        yield words.ngettext("%(n)s area is new.", "%(n)s areas are new.", new)
    hidden = sum(change.hidden is not None for _, change in changes)
    if hidden:
        yield words.ngettext(
            "In %(n)s area one of the two figures is hidden, so nothing is said.",
            "In %(n)s areas one of the two figures is hidden, so nothing is said.",
            hidden,
        )
    changed = sum(change.before is None for _, change in changes)
    if changed:
        yield words.ngettext(
            "%(n)s area cannot be compared, because the question changed.",
            "%(n)s areas cannot be compared, because the question changed.",
            changed,
        )


def _name_pairs(
    words: Words, figures: BriefingFigures, earlier: Earlier, pairs: Sequence[tuple[ReleasedIssueRow, ReleasedChange]]
) -> str:
    named = []
    for row, change in pairs[:MOST_NAMED]:
        assert change.before is not None  # a direction was found between two figures
        before = write_counts(words, earlier.table.origin, change.before)
        now = write_counts(words, figures.table.origin, row.share)
        named.append(f"{shorten(words.text(row.name), NAME_WIDTH)} {before} → {now}")
    if len(pairs) > MOST_NAMED:
        rest = len(pairs) - MOST_NAMED
        named.append(words.ngettext("%(n)s more area", "%(n)s more areas", rest))
    return words.join_clauses(named)


def name_earlier(words: Words, earlier: Earlier, width: int = NAME_WIDTH) -> str:
    """The round of the earlier table and, where it is one that was given, when."""
    title = shorten(words.text(earlier.title), width)
    if earlier.released_at is None:
        return title
    return words.gettext("%(round)s, as given on %(day)s", round=title, day=words.day(earlier.released_at))
