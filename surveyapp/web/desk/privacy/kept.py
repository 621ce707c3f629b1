"""Parts that both pages of privacy show: the kinds of data of a round, and purges that were made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from surveyapp.fieldwork.erasing import count_kept
from surveyapp.fieldwork.retention import RETENTION_KINDS, RetentionKind, list_due, suggest_dates
from surveyapp.fieldwork.rounds import Round
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Connection
from surveyapp.reports.words import Words
from surveyapp.web.desk.audit_page import name_actor
from surveyapp.web.desk.privacy.pages import KeptKind
from surveyapp.web.desk.privacy.words import explain_data, name_data

PURGES_SHOWN = 20


def list_kept(
    connection: Connection,
    round_: Round,
    words: Words,
    now: datetime,
    *,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[RetentionKind, str] | None = None,
) -> tuple[KeptKind, ...]:
    """The kinds of data of a round; `typed` is what a refused form held, `faults` what was wrong with it."""
    due, suggested = list_due(round_, now), suggest_dates(round_)

    def build(kind: RetentionKind) -> KeptKind:
        until = round_.retention.get(kind)
        value = "" if until is None else until.isoformat()
        return KeptKind(
            name=kind,
            label=name_data(words, kind),
            why=explain_data(words, kind),
            kept=words.number(count_kept(connection, round_, kind, now)),
            until=value or words.gettext("No date set"),
            is_due=kind in due,
            value=value if typed is None else typed.get(kind, ""),
            suggested=suggested[kind].isoformat(),
            fault=(faults or {}).get(kind, ""),
        )

    return tuple(map(build, RETENTION_KINDS))


def list_purges(
    connection: Connection, survey_id: str, words: Words, round_id: int | None = None
) -> tuple[tuple[str, str, str], ...]:
    """When something was erased, what, and by whom; the newest first."""
    events = list_audit(connection, limit=PURGES_SHOWN, action="retention.purged", survey_id=survey_id)
    return tuple(
        (
            words.time(event.at),
            words.pair(name_data(words, str(event.details.get("data"))), words.number(_read_count(event.details))),
            name_actor(words, event.actor),
        )
        for event in events
        if round_id is None or event.round_id == round_id
    )


def _read_count(details: Mapping[str, object]) -> int:
    erased = details.get("erased")
    return erased if isinstance(erased, int) else 0
