"""The company's side: start and consent, one page after another, check, receipt, withdrawal."""

from __future__ import annotations

from surveyapp.web.respondent import finishing, returning, starting
from surveyapp.web.respondent.blueprint import respondent

__all__ = ["finishing", "respondent", "returning", "starting"]
