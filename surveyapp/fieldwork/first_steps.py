"""What an administrator does before the first round, and how far that is, read from what the database holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, exists, func, or_, select

from surveyapp.fieldwork.rounds import Round, find_obstacles, list_rounds, load_questionnaire_of
from surveyapp.records.account_changes import list_accounts_of_role
from surveyapp.records.audit import list_audit, write_audit
from surveyapp.records.tables import company, job, mail_message

Step = Literal["secrets", "backup", "worker", "mail", "administrator", "companies", "round", "texts"]
STEPS: tuple[Step, ...] = ("secrets", "backup", "worker", "mail", "administrator", "companies", "round", "texts")

# What the trail says of the list itself.
SECRETS_KEPT = "installation.secrets_kept"
HIDDEN, SHOWN = "first_steps.hidden", "first_steps.shown"
BACKED_UP = "database.backed_up"
# A worker has daily work to do even where nobody asks for any; one that shows no life for longer is not running.
SIGN_OF_LIFE = timedelta(hours=26)
LEAST_ADMINISTRATORS = 2


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """`unready` is the round whose texts are still to be filled in, `first_real` one from which mails can be sent."""

    done: Mapping[Step, bool]
    is_hidden: bool
    unready: Round | None
    first_real: Round | None

    @property
    def is_complete(self) -> bool:
        return all(self.done.values())


def find_first_steps(connection: Connection, survey_id: str, now: datetime) -> FirstSteps:
    real = [each for each in list_rounds(connection, survey_id) if each.kind == "real"]
    unready = next((each for each in real if _lacks_words(connection, each, now)), None)
    administrators = [
        account for account in list_accounts_of_role(connection, "admin") if account.is_active and account.has_password
    ]
    done: dict[Step, bool] = {
        "secrets": _is_told(connection, SECRETS_KEPT),
        "backup": _is_told(connection, BACKED_UP),
        "worker": _has_worker(connection, now),
        "mail": _has_sent_test(connection, survey_id),
        "administrator": len(administrators) >= LEAST_ADMINISTRATORS,
        "companies": _has_companies(connection, survey_id),
        "round": bool(real),
        "texts": bool(real) and unready is None,
    }
    told = list_audit(connection, limit=1, subject="first_steps")
    return FirstSteps(
        done, bool(told) and told[0].action == HIDDEN, unready=unready, first_real=real[0] if real else None
    )


def note_first_steps(connection: Connection, deed: str, *, actor: str, now: datetime) -> None:
    """Keep that the list was hidden or shown again, or that the secrets were put away."""
    if deed not in (HIDDEN, SHOWN, SECRETS_KEPT):
        raise ValueError(f"the first steps know no {deed}")
    write_audit(connection, actor=actor, action=deed, at=now)


def _lacks_words(connection: Connection, round_: Round, now: datetime) -> bool:
    if round_.scheduled_at is not None:
        return False
    obstacles = find_obstacles(round_, load_questionnaire_of(connection, round_), now)
    return any(obstacle.languages for obstacle in obstacles)


def _is_told(connection: Connection, action: str) -> bool:
    return bool(list_audit(connection, limit=1, action=action))


def _has_worker(connection: Connection, now: datetime) -> bool:
    last = connection.scalar(select(func.max(func.coalesce(job.c.beat_at, job.c.started_at))))
    return last is not None and last > now - SIGN_OF_LIFE


def _has_sent_test(connection: Connection, survey_id: str) -> bool:
    sent = (mail_message.c.kind == "test") & or_(mail_message.c.state == "sent", mail_message.c.sent_at.is_not(None))
    return bool(connection.scalar(select(exists().where(mail_message.c.survey_id == survey_id, sent))))


def _has_companies(connection: Connection, survey_id: str) -> bool:
    return bool(
        connection.scalar(select(exists().where(company.c.survey_id == survey_id, company.c.is_sample.is_(False))))
    )
