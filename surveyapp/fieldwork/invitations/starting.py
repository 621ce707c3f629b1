"""Beginning or refusing a return through a personal link. A company has one return, whoever of it comes first.

The return's own token is drawn and thrown away: it is opened by the company's personal links alone, so that revoking
those shuts it. Every function takes the connection of a transaction that the edge opened with `Database.write()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete

from surveyapp.fieldwork.answering import resume_begun, start_return
from surveyapp.fieldwork.drafts import Draft, LinkUnknown, ReturnWithdrawn, make_token
from surveyapp.fieldwork.invitations.inviting import Invitation, begin_through, hold_invitation, refuse_through
from surveyapp.fieldwork.invitations.links import FoundLink, find_link
from surveyapp.fieldwork.modes import Mode
from surveyapp.fieldwork.rounds import Round, hold_round
from surveyapp.fieldwork.withdrawing import count_refusal, make_refusal_id, name_refusal
from surveyapp.questionnaire.model import Language, Questionnaire, Stored
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import refusal


class ReturnBegun(Exception):
    """Somebody of the company has begun its return: it is taken back there, not by a start page that was left open."""


def start_invited_return(
    connection: Connection,
    vault: Vault,
    round_: Round,
    questionnaire: Questionnaire,
    *,
    token: str,
    answers: Mapping[str, Stored | None],
    language: Language,
    now: datetime,
    anew: bool = False,
    mode: Mode = "web",
) -> Draft:
    """Begin the company's return, or go on with the one that a colleague has begun.

    After a refusal it can be begun, and with `anew` also after the return was withdrawn. Raises `ReturnWithdrawn`
    without it, `LinkUnknown` also where the link is one to another round, `LinkEnded`, and what `start_return` raises.
    """
    round_ = hold_round(connection, round_)  # under it two colleagues begin one after another
    found = _find_own(connection, round_, token)
    known = found.invitation
    if found.return_state == "withdrawn" and not anew and known.refused_at is None:
        raise ReturnWithdrawn
    if known.draft_id is not None and found.is_begun:
        return resume_begun(
            connection, vault, round_, questionnaire, known.draft_id, answers=answers, language=language, now=now
        )
    held = hold_invitation(connection, round_.survey_id, known.invitation_id)
    begun = start_return(
        connection,
        vault,
        round_,
        questionnaire,
        token=make_token(),
        answers=answers,
        language=language,
        now=now,
        company_id=held.company_id,
        mode=mode,
    )
    note_begun(connection, held, begun.draft_id)
    return begun


def note_begun(connection: Connection, held: Invitation, draft_id: str) -> None:
    """Note which return was begun for a held invitation; a refusal before it no longer counts."""
    begin_through(connection, held, draft_id)
    refusal_id = make_refusal_id(name_refusal(held.invitation_id))
    connection.execute(delete(refusal).where(refusal.c.survey_id == held.survey_id, refusal.c.refusal_id == refusal_id))


def refuse_invitation(connection: Connection, round_: Round, *, token: str, language: Language, now: datetime) -> None:
    """Count one refusal for the company, however many of it refuse through however many links.

    A return that a colleague has begun is not touched. Raises `ReturnBegun`, `RoundNotOpen`, `RoundClosed`,
    `LinkUnknown` and `LinkEnded`.
    """
    round_ = hold_round(connection, round_)
    found = _find_own(connection, round_, token)
    if found.is_begun:
        raise ReturnBegun
    round_.check_open(now)
    held = hold_invitation(connection, round_.survey_id, found.invitation.invitation_id)
    refuse_through(connection, held, now=now)
    refused = name_refusal(held.invitation_id)
    count_refusal(connection, round_.survey_id, round_.round_id, refused, language=language, now=now)


def _find_own(connection: Connection, round_: Round, token: str) -> FoundLink:
    found = find_link(connection, round_.survey_id, token)
    if found.invitation.round_id != round_.round_id:
        raise LinkUnknown
    return found
