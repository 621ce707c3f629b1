"""What a return said when it was submitted last, for its own holder: the receipt's copy of the answers."""

from __future__ import annotations

from sqlalchemy import Connection, select

from surveyapp.fieldwork.drafts import Draft
from surveyapp.questionnaire.model import Answers, Stored
from surveyapp.records.confidential import load_confidential
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import response


def load_submitted_answers(connection: Connection, vault: Vault, draft: Draft) -> dict[str, Stored]:
    """All compartments of the response together; nothing before it is submitted and after it is withdrawn.

    A draft that was changed since holds something else. Raises `VaultFault`.
    """
    row = connection.execute(
        select(response.c.answers, response.c.texts, response.c.identity_link, response.c.contact_link).where(
            response.c.survey_id == draft.survey_id, response.c.number == draft.response_number
        )
    ).one_or_none()
    if row is None:
        return {}
    links = [link for link in (row.identity_link, row.contact_link) if link is not None]
    answers: dict[str, Stored] = {**row.answers, **row.texts}
    for sealed in load_confidential(connection, vault, draft.survey_id, links).values():
        answers |= sealed
    return answers


def load_counted_answers(connection: Connection, draft: Draft) -> Answers:
    """The choices and numbers of the response alone, as they are counted; nothing where there is no response."""
    found: Answers | None = connection.scalar(
        select(response.c.answers).where(
            response.c.survey_id == draft.survey_id, response.c.number == draft.response_number
        )
    )
    return found or {}
