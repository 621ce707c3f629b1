"""What may leave the desk: released figures and the one door through which they are made.

A figure for any audience but the desk is a `ReleasedFigure`: viewer pages and ministry files accept nothing else. The
thresholds are those of the round (`fieldwork/thresholds`). Where a count may not be shown, nothing that follows from it
is: percent, interval, severity, index, tier, place in the order.

`rules` says which figure is sensitive by itself; `knowledge` what a reader is told of companies; `equations` makes a
problem of it; `audit` finds what follows; `suppression` chooses what is hidden in addition, for `protection`, which all
tables ask; `rollups` says what is merged before.
Modules outside this package import from here alone.
"""

from surveyapp.analysis.disclosure.area_crosses import release_area_cross, release_each_rollup
from surveyapp.analysis.disclosure.field_shares import FieldSets, release_field
from surveyapp.analysis.disclosure.figures import DisclosureBypassed, Hidden, ReleasedFigure
from surveyapp.analysis.disclosure.issue_tables import bind_issues, release_issue_table
from surveyapp.analysis.disclosure.knowledge import NOTHING_BEFORE, Readers, Told
from surveyapp.analysis.disclosure.protection import judge_singly
from surveyapp.analysis.disclosure.questions import release_question
from surveyapp.analysis.disclosure.readiness_profiles import release_readiness
from surveyapp.analysis.disclosure.released import (
    ReleasedAreaCross,
    ReleasedChoice,
    ReleasedDimension,
    ReleasedField,
    ReleasedIssueRow,
    ReleasedIssueTable,
    ReleasedQuestion,
    ReleasedReadiness,
    ReleasedSummary,
)
from surveyapp.analysis.disclosure.stored import (
    Released,
    StoredReleaseFaulty,
    count_shown,
    list_figures,
    list_reasons,
    read_released,
    write_released,
)
from surveyapp.analysis.disclosure.suppression import JOB_SECONDS, TableTooLarge, limit_time
from surveyapp.analysis.disclosure.tallies import release_summary

__all__ = [
    "JOB_SECONDS",
    "NOTHING_BEFORE",
    "DisclosureBypassed",
    "FieldSets",
    "Hidden",
    "Readers",
    "Released",
    "ReleasedAreaCross",
    "ReleasedChoice",
    "ReleasedDimension",
    "ReleasedField",
    "ReleasedFigure",
    "ReleasedIssueRow",
    "ReleasedIssueTable",
    "ReleasedQuestion",
    "ReleasedReadiness",
    "ReleasedSummary",
    "StoredReleaseFaulty",
    "TableTooLarge",
    "Told",
    "bind_issues",
    "count_shown",
    "judge_singly",
    "limit_time",
    "list_figures",
    "list_reasons",
    "read_released",
    "release_area_cross",
    "release_each_rollup",
    "release_field",
    "release_issue_table",
    "release_question",
    "release_readiness",
    "release_summary",
    "write_released",
]
