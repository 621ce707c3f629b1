"""Permitting less than before: at any time, also after the round has closed, and with effect at once.

To permit more is an answer like any other, which counts when the return is submitted while the round is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from surveyapp.fieldwork.answer_writing import merge_page, write_answers
from surveyapp.fieldwork.consent import CONSENT_QUESTIONS, list_narrower
from surveyapp.fieldwork.drafts import Draft, ReturnWithdrawn, hold_draft, read_draft, update_draft
from surveyapp.questionnaire.model import Language, Questionnaire, Stored
from surveyapp.records.encryption import Vault


class NotNarrower(Exception):
    """The choice permits as much as before, or more."""


def narrow_one_consent(
    connection: Connection,
    vault: Vault,
    draft: Draft,
    questionnaire: Questionnaire,
    name: str,
    choice: str,
    *,
    language: Language,
    now: datetime,
) -> Draft:
    """Let one consent permit less. What is not permitted any more leaves the submitted response at once.

    A return without changes that are still to be submitted stays one: nobody need submit it again for this.
    Saying the same twice is saying it once. Raises `NotNarrower`, `ReturnWithdrawn` and `LinkUnknown`.
    """
    row = hold_draft(connection, draft.survey_id, draft.draft_id)
    if row.state == "withdrawn":
        raise ReturnWithdrawn
    current = read_draft(vault, row)
    if name in CONSENT_QUESTIONS and current.answers.get(name) == choice:
        return current
    if name not in CONSENT_QUESTIONS or choice not in list_narrower(name, current.answers.get(name)):
        raise NotNarrower(name)
    said: Mapping[str, Stored | None] = {name: choice}
    merged = merge_page(questionnaire, current.answers, questionnaire.page_of[name], said)
    narrowed = write_answers(connection, vault, row, current, questionnaire, merged, language, now)
    if row.state == "submitted" and not current.has_unsubmitted_changes:
        update_draft(connection, row, {"submitted_saves": narrowed.saves})
    return read_draft(vault, hold_draft(connection, draft.survey_id, draft.draft_id))
