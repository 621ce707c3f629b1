"""What happened to a round, from the audit trail."""

from __future__ import annotations

from surveyapp.fieldwork.rounds import Round
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Connection
from surveyapp.reports.words import Words
from surveyapp.web.desk.audit_page import name_action, name_actor
from surveyapp.web.desk.audit_words import describe_details
from surveyapp.web.desk.pages import AuditLine

MOST_LINES = 200


def list_changes(connection: Connection, survey_round: Round, words: Words) -> tuple[AuditLine, ...]:
    """Every change of the round, the newest first."""
    events = list_audit(
        connection,
        limit=MOST_LINES,
        survey_id=survey_round.survey_id,
        round_id=survey_round.round_id,
        subject="round",
    )
    return tuple(
        AuditLine(
            at=words.time(event.at),
            actor=name_actor(words, event.actor),
            action=name_action(words, event.action),
            code=event.action,
            round="",
            details=describe_details(words, event.details, {}),
        )
        for event in events
    )
