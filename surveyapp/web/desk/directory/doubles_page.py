"""Entries that may be one company, and those that were joined."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.directory.companies import find_company
from surveyapp.fieldwork.directory.dismissing import (
    DismissedDouble,
    dismiss_double,
    list_dismissed,
    suspect_again,
)
from surveyapp.fieldwork.directory.doubles import DoubleReason, SuspectedDouble, find_doubles
from surveyapp.fieldwork.directory.entries import EntryChoices
from surveyapp.fieldwork.directory.merging import Merge, MergeNotUndone, list_merges, undo_merge
from surveyapp.questionnaire.model import LANGUAGES, Text
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.directory.company_lines import write_company_line
from surveyapp.web.desk.directory.pages import DismissedLine, DoubleLine, DoublesPage, MergeLine
from surveyapp.web.desk.directory.surroundings import find_choices, leave_notice, link_to_companies, take_notice
from surveyapp.web.desk.surroundings import build_desk_frame, find_actor, find_words
from surveyapp.web.frame import Notice
from surveyapp.web.installation import find_installation

LINES = 50
_MERGES = 50


@allow(MANAGER)
def show_doubles() -> str:
    return _show_page(take_notice())


def _show_doubles_again(merge_id: str) -> str:
    return _show_page(Notice(_("The form had become stale. Please press the button again."), "warning"))


@allow(MANAGER)
@show_again_with(_show_doubles_again)
def undo_company_merge(merge_id: str) -> Response | tuple[str, int]:
    installation, now = find_installation(), datetime.now(UTC)
    survey_id = installation.settings.survey_id
    try:
        with installation.database.write() as connection:
            undone = undo_merge(connection, survey_id, merge_id, now=now, actor=find_actor())
    except MergeNotUndone as fault:
        texts = {
            "undone": _("The two entries are apart already."),
            "kept_was_merged": _("The entry that was kept was joined with another one later. Undo that first."),
        }
        return _show_page(Notice(texts[fault.obstacle], "warning")), 409
    with installation.database.read() as connection:
        find_company(connection, survey_id, undone.merged_id)
    leave_notice("merge_undone")
    return redirect(url_for("desk.show_doubles"), 303)


@allow(MANAGER)
@show_again_with(lambda company_id, other_id: _show_doubles_again(""))
def dismiss_suspected(company_id: int, other_id: int) -> Response:
    """They are two companies. Raises `CompanyUnknown`."""
    installation = find_installation()
    with installation.database.write() as connection:
        dismiss_double(
            connection,
            installation.settings.survey_id,
            company_id,
            other_id,
            now=datetime.now(UTC),
            actor=find_actor(),
        )
    leave_notice("double_dismissed")
    return redirect(url_for("desk.show_doubles"), 303)


@allow(MANAGER)
@show_again_with(lambda company_id, other_id: _show_doubles_again(""))
def undo_dismissal(company_id: int, other_id: int) -> Response:
    """What was said of the two is taken back. Raises `CompanyUnknown`."""
    installation = find_installation()
    survey_id = installation.settings.survey_id
    with installation.database.write() as connection:
        for each in (company_id, other_id):
            find_company(connection, survey_id, each)
        suspect_again(connection, survey_id, company_id, other_id, now=datetime.now(UTC), actor=find_actor())
    leave_notice("suspected_again")
    return redirect(url_for("desk.show_doubles"), 303)


def _show_page(notice: Notice | None) -> str:
    installation, words, choices = find_installation(), find_words(), find_choices()
    survey_id, place = installation.settings.survey_id, _read_page()
    with installation.database.read() as connection:
        doubles = find_doubles(connection, survey_id)
        merges = list_merges(connection, survey_id, limit=_MERGES)
        dismissed = list_dismissed(connection, survey_id, limit=_MERGES)
    pages = max(1, -(-len(doubles) // LINES))
    page = DoublesPage(
        frame=build_desk_frame(),
        back=link_to_companies(),
        csrf_token=generate_csrf(),
        summary=words.ngettext("%(n)s suspected pair", "%(n)s suspected pairs", len(doubles)),
        lines=tuple(_write_line(words, choices, each) for each in doubles[(place - 1) * LINES : place * LINES]),
        previous_url=url_for("desk.show_doubles", page=place - 1) if place > 1 else "",
        next_url=url_for("desk.show_doubles", page=place + 1) if place < pages else "",
        place=_("Page %(place)s of %(pages)s", place=words.number(place), pages=words.number(pages)),
        merges=tuple(_write_merge(words, each) for each in merges),
        dismissed=tuple(_write_dismissed(words, choices, each) for each in dismissed),
        notice=notice,
    )
    return render_template("desk/directory/doubles.html", page=page)


def _read_page() -> int:
    given = request.args.get("page", "1")
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= 100_000):
        raise FilterUnknown("page", given)
    return int(given)


def _write_line(words: Words, choices: EntryChoices, double: SuspectedDouble) -> DoubleLine:
    texts: dict[DoubleReason, str] = {
        "same_name": _("The same name"),
        "same_address": _("The same address of a contact"),
        "near_name": _("Names one letter apart"),
    }
    reasons = [texts[reason] for reason in double.reasons]
    if double.has_two_numbers:
        reasons.append(_("but two business numbers"))
    return DoubleLine(
        first=write_company_line(words, choices, double.first),
        second=write_company_line(words, choices, double.second),
        reasons=tuple(reasons),
        url=url_for("desk.show_merge", company_id=double.first.company_id, other_id=double.second.company_id),
        dismiss_url=url_for(
            "desk.dismiss_suspected", company_id=double.first.company_id, other_id=double.second.company_id
        ),
    )


def _write_dismissed(words: Words, choices: EntryChoices, dismissed: DismissedDouble) -> DismissedLine:
    first, second = dismissed.first, dismissed.second
    return DismissedLine(
        first=write_company_line(words, choices, first),
        second=write_company_line(words, choices, second),
        at=words.time(dismissed.dismissed_at),
        actor=dismissed.actor,
        undo_url=url_for("desk.undo_dismissal", company_id=first.company_id, other_id=second.company_id),
    )


def _write_merge(words: Words, merge: Merge) -> MergeLine:
    return MergeLine(
        kept=_take_name(words, merge.kept_name),
        kept_url=url_for("desk.show_company", company_id=merge.kept_id),
        merged=_take_name(words, merge.merged_name),
        at=words.time(merge.merged_at),
        actor=merge.actor,
        undo_url=url_for("desk.undo_company_merge", merge_id=merge.merge_id),
    )


def _take_name(words: Words, name: Text) -> str:
    return next((text for each in (words.language, *LANGUAGES) if (text := name.in_language(each))), "")
