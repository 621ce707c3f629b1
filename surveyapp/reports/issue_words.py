"""Words that several reports of issues share."""

from __future__ import annotations

from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_priority import RangeMethod
from surveyapp.analysis.issue_returns import ConcernedGroup, Stage
from surveyapp.analysis.issue_rows import IssueRow
from surveyapp.reports.cards import write_of, write_share
from surveyapp.reports.words import BLANK, Number, Words


def describe_range(words: Words, method: RangeMethod | None) -> str:
    """Which range is shown; a range is never shown without it."""
    if method == "bootstrap":
        return words.gettext("95% percentile bootstrap over companies (2,000 resamples, fixed seed)")
    return words.gettext("95% Wilson interval of the share; severity and open share held fixed, so it is too narrow")


def describe_bilateral(words: Words, bilateral: str | None) -> str:
    if bilateral is None:
        return BLANK
    return {"yes": words.gettext("Yes"), "part": words.gettext("In part"), "no": words.gettext("No")}[bilateral]


def describe_stage(words: Words, stage: Stage) -> str:
    return {
        "not_filed": words.gettext("Not yet filed"),
        "filed_or_market": words.gettext("Filed, approved or on the market"),
        "withdrawn": words.gettext("Stopped or withdrawn"),
    }[stage]


def describe_group(words: Words, group: ConcernedGroup) -> str:
    return {
        "device_products": words.gettext("companies with devices, IVDs, software or digital products"),
        "approved_or_onmarket": words.gettext("companies that are approved or on the market"),
    }[group]


def say_nobody(words: Words) -> str:
    return words.gettext(
        "No company in this selection has answered yet. Remove a filter or come back when returns have arrived."
    )


def write_percent(share: Share) -> Number | None:
    return None if share.value is None else share.value * 100


def write_count(count: int) -> str:
    return f"{count:,}" if count else ""


def hover_count(words: Words, row: IssueRow, what: str, count: int, base: int) -> str:
    share = Share(count, base)
    counted = f"{write_share(words, share)} ({write_of(share)})"
    return f"{words.text(row.name)}\n{words.pair(what, counted)}"
