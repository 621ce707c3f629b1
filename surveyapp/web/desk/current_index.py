"""The answer index as it is now, and how long it took to bring it up to date."""

from __future__ import annotations

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.open_indexes import open_index
from surveyapp.web.installation import find_installation
from surveyapp.web.metrics import find_metrics


def open_current_index() -> AnswerIndex:
    """The index of the installation's survey, with all that was submitted before this call."""
    installation = find_installation()
    settings = installation.settings
    with find_metrics().time_refresh():
        return open_index(installation.database, settings.survey_id, snapshots=settings.instance)
