"""The kinds of missing in words."""

from __future__ import annotations

from surveyapp.reports.exports.columns import Missing
from surveyapp.reports.words import Words


def name_missing(words: Words, kind: Missing) -> str:
    return {
        Missing.NOT_ASKED: words.gettext("not asked"),
        Missing.NOT_ANSWERED: words.gettext("not answered"),
        Missing.WITHHELD: words.gettext("withheld"),
        Missing.SUPPRESSED: words.gettext("suppressed"),
    }[kind]
