"""The thresholds of released figures as a table of numbers, each with the least that it may be."""

from __future__ import annotations

from flask_babel import gettext as _

from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, THRESHOLD_NAMES, AudienceThresholds
from surveyapp.reports.cards import Fact
from surveyapp.reports.released_words import describe_audience
from surveyapp.web.desk.rounds.pages import ThresholdForm, ThresholdRow, TypedField
from surveyapp.web.desk.rounds.typed import Typed, name_threshold, write_threshold_fields
from surveyapp.web.desk.surroundings import find_words


def build_threshold_form(thresholds: AudienceThresholds, typed: Typed | None) -> ThresholdForm:
    words = find_words()
    shown = typed or Typed(write_threshold_fields(thresholds))
    columns = _explain_columns()
    rows = []
    for audience, least in LEAST_THRESHOLDS.items():
        name_of_audience = describe_audience(words, audience)
        fields = []
        for name, column in zip(THRESHOLD_NAMES, columns, strict=True):
            field = name_threshold(audience, name)
            label = words.pair(name_of_audience, column.label)
            fields.append(TypedField(field, label, shown.read(field), shown.find_fault(field)))
        lowest = tuple(_("at least %(num)s", num=getattr(least, name)) for name in THRESHOLD_NAMES)
        rows.append(ThresholdRow(name_of_audience, tuple(fields), lowest))
    return ThresholdForm(columns, tuple(rows))


def _explain_columns() -> tuple[Fact, ...]:
    """In the order of the thresholds."""
    return (
        Fact(
            _("Companies in a group"),
            _("A group by business, size, products, stage or route is shown from this many companies on."),
        ),
        Fact(
            _("Answers in a group"),
            _("Inside such a group an answer is shown if this many companies gave it, and as many did not."),
        ),
        Fact(_("Companies in the round"), _("Counts over the whole round are shown from this many companies on.")),
        Fact(_("Answers in the round"), _("Over the whole round an answer is shown if this many companies gave it.")),
    )
