"""The free texts behind a figure, each with what its company allowed. Every view is written to the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.analysis.texts import ReadText, list_texts
from surveyapp.fieldwork.consent import TextUse
from surveyapp.questionnaire.model import Text
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.audit import write_audit
from surveyapp.reports.question_report import title_question
from surveyapp.web.access import ANALYST, allow
from surveyapp.web.desk.pages import Allowance, Field, FilterOption, ReadTextLine, TextsPage
from surveyapp.web.desk.selection import Selection, build_filter_bar, find_url, load_selection
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor, find_words
from surveyapp.web.frame import Link
from surveyapp.web.installation import find_installation

NUMBER_DIGITS = 9  # the index counts returns in 32 bits


@allow(ANALYST)
def show_texts(slug: str) -> str:
    selection = load_selection(slug)
    issue = request.args.get("issue") or request.args.get("area") or None
    question = request.args.get("question") or None
    after = _read_after()
    with find_installation().database.write() as connection:
        found = list_texts(
            connection,
            selection.index,
            selection.mask,
            questionnaire=selection.questionnaire,
            issue=issue,
            question=question,
            after=after,
        )
        write_audit(
            connection,
            actor=find_actor(),
            action="texts.viewed",
            at=datetime.now(UTC),
            survey_id=selection.round.survey_id,
            round_id=selection.round.round_id,
            details={
                "issue": issue,
                "question": question,
                "filters": selection.source.describe_filters(selection.mask.origin) or None,
                "after": after or None,
                "texts": len(found.texts),
            },
        )
    words = find_words()
    name = _find_issue_name(selection, issue)
    texts = ngettext("%(num)s return has a text.", "%(num)s returns have a text.", found.returns)
    page = TextsPage(
        frame=build_desk_frame(selection.round),
        head=build_round_head(selection.round, selection.rounds),
        filters=build_filter_bar(selection, "issue", "area", "question"),
        title=_("Texts of companies that ticked “%(issue)s”", issue=words.text(name)) if name else _("Free texts"),
        summary=texts,
        questions=tuple(
            FilterOption(one.name, title_question(one, words), one.name == question)
            for one in selection.questionnaire.questions_in("texts")
        ),
        question=question or "",
        action=request.path,
        kept=(
            *(Field(key, value) for key, values in selection.filters.items() for value in values),
            *((Field("issue", issue),) if issue else ()),
        ),
        texts=tuple(_show_text(text, selection) for text in found.texts),
        next_url="" if found.next_after is None else _find_next_url(found.next_after),
        back=Link(
            find_url(path=url_for("desk.show_issues", slug=slug), drop=("issue", "area", "question"), anchor="ranking"),
            _("Issues"),
        ),
    )
    return render_template("desk/texts.html", page=page)


def _read_after() -> int:
    given = request.args.get("after", "0")
    if not (given.isascii() and given.isdigit() and len(given) <= NUMBER_DIGITS):
        raise FilterUnknown("after", given)
    return int(given)


def _find_next_url(after: int) -> str:
    address = find_url()
    return f"{address}{'&' if '?' in address else '?'}after={after}"


def _find_issue_name(selection: Selection, issue: str | None) -> Text | None:
    """The name in the round's own words, or in those of the taxonomy."""
    if issue is None:
        return None
    for choices in selection.questionnaire.choice_lists.values():
        for choice in choices:
            if choice.name == issue:
                return choice.label
    known = load_taxonomy().by_code.get(issue)
    return None if known is None else known.name


def _show_text(text: ReadText, selection: Selection) -> ReadTextLine:
    words = find_words()
    return ReadTextLine(
        question=title_question(selection.questionnaire.by_name[text.question], words),
        text=text.text,
        language=text.language or "",
        number=_("Return %(number)s", number=f"{text.response_number:,}"),
        allowed=_list_allowances(text.use),
    )


def _list_allowances(use: TextUse) -> tuple[Allowance, ...]:
    if not use.gist_to_ministry:
        return (Allowance(_("Statistics only: not to be passed on in any form"), False),)
    return (
        Allowance(_("Gist to the ministry, unnamed"), True),
        Allowance(
            _("Word for word after redaction") if use.word_for_word else _("Not word for word"), use.word_for_word
        ),
        Allowance(
            _("Company's name to the ministry") if use.company_name_to_ministry else _("Not with the company's name"),
            use.company_name_to_ministry,
        ),
    )
