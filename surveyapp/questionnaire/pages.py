"""Which rows are shown at once: the rule of a page, over the finished rows of a questionnaire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from surveyapp.questionnaire.model import Group, Page, Question


def build_pages(rows: Iterable[Question]) -> tuple[tuple[Page, ...], tuple[Question, ...]]:
    """The pages in document order, and the closing rows.

    A page is a field-list group with all that is in it; elsewhere each run of questions between the begin and end of
    groups is a page. Notes and calculates outside a field-list belong to the page that follows, be it in the next
    group or section; those of a group that has no question at all do so too. What follows the last question of all
    belongs to no page, since a page that asks nothing would only be a click: these rows are `closing`, and are shown
    with the check of all answers.

    A page is named by its field-list group, or by the first question of its run, so a name stays the same when other
    pages come and go. A run takes the label of the innermost group around it, which is its section where groups are
    not nested further.
    """
    pages: list[Page] = []
    waiting: list[Question] = []
    for run in _split_runs(rows):
        groups = run[0].groups
        field_list = _find_field_list(groups)
        last = max((index for index, row in enumerate(run) if row.is_asked), default=-1)
        if last < 0:
            waiting.extend(run)
            continue
        end = len(run) if field_list is not None else last + 1
        first_asked = next(row for row in run if row.is_asked)
        around = groups[-1] if field_list is None else field_list
        name = first_asked.name if field_list is None else field_list.name
        pages.append(Page(name, around.label, groups[0], (*waiting, *run[:end])))
        waiting = list(run[end:])
    return tuple(pages), tuple(waiting)


def _find_field_list(groups: tuple[Group, ...]) -> Group | None:
    """The outermost field-list around a row: one inside another is part of its page."""
    return next((group for group in groups if group.field_list), None)


def _split_runs(rows: Iterable[Question]) -> Iterator[tuple[Question, ...]]:
    """Rows that stand together: in one field-list, or directly in one group without another group between them."""

    def find_place(row: Question) -> tuple[bool, str]:
        field_list = _find_field_list(row.groups)
        return (True, field_list.name) if field_list is not None else (False, row.groups[-1].name)

    for _, run in groupby(rows, find_place):
        yield tuple(run)
