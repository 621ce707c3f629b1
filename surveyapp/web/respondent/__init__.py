"""The company's side: start and consent, one page after another, check, receipt, withdrawal."""

from __future__ import annotations

from surveyapp.web.respondent import (
    colleagues,
    consents,
    ended_links,
    finishing,
    invited,
    part_pages,
    question_list,
    readiness_page,
    replacing,
    returning,
    saving,
    starting,
    unsubscribing,
)
from surveyapp.web.respondent.blueprint import respondent

__all__ = [
    "colleagues",
    "consents",
    "ended_links",
    "finishing",
    "invited",
    "part_pages",
    "question_list",
    "readiness_page",
    "replacing",
    "respondent",
    "returning",
    "saving",
    "starting",
    "unsubscribing",
]
