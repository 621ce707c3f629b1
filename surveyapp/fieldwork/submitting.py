"""From a draft to a response: once, and again only where something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from surveyapp.fieldwork.consent import has_agreed, narrow_consent
from surveyapp.fieldwork.drafts import (
    Compartments,
    Draft,
    Links,
    ReturnWithdrawn,
    check_open,
    hold_draft,
    read_draft,
    split_answers,
    update_draft,
    write_sealed,
)
from surveyapp.fieldwork.receipts import draw_receipt
from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.model import Answers, Questionnaire, Stored
from surveyapp.questionnaire.paths import Standing, check_all, evaluate, keep_asked
from surveyapp.records.change_feed import Place, take_place, take_revision
from surveyapp.records.confidential import load_confidential
from surveyapp.records.database import request_scrub
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import response

_insert = insert(response)


class ConsentMissing(Exception):
    """Nothing may be stored, because nobody agreed to take part."""


class ReturnIncomplete(Exception):
    """Answers are missing or wrong: `faults` by question name, in document order, never empty."""

    def __init__(self, faults: Mapping[str, AnswerFault]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Submission:
    """What came of submitting. `is_edit`: the response was there before; `is_repeat`: nothing new was recorded."""

    number: int
    receipt: str
    revision: int
    is_edit: bool
    is_repeat: bool


def submit(
    connection: Connection, vault: Vault, draft: Draft, questionnaire: Questionnaire, *, now: datetime
) -> Submission:
    """Make the draft count, exactly once however often and by how many it is sent.

    What is not asked is dropped, from the draft as well. A return that was submitted before keeps its number and
    receipt and gets a new revision, unless nothing changed. Raises `ReturnIncomplete`, `ReturnWithdrawn`,
    `RoundClosed`, `RoundNotOpen`, `ConsentMissing` and `LinkUnknown`.
    """
    row = hold_draft(connection, draft.survey_id, draft.draft_id)
    if row.state == "withdrawn":
        raise ReturnWithdrawn
    if row.state == "submitted" and row.saves == row.submitted_saves:
        return Submission(row.response_number, row.receipt, row.response_revision, is_edit=False, is_repeat=True)
    current = read_draft(vault, row)
    check_open(connection, row, now)
    standing = evaluate(questionnaire, current.answers)
    faults = check_all(standing)
    if faults:
        raise ReturnIncomplete(faults)
    kept = keep_asked(standing)
    if not has_agreed(kept):
        raise ConsentMissing
    parts = split_answers(questionnaire, kept)
    if row.response_number is None:
        submission = _add_response(connection, vault, row, parts, now)
    else:
        submission = _edit_response(connection, vault, row, parts, now)
    _settle_draft(connection, vault, row, questionnaire, current, kept, submission, now)
    return submission


def narrow_response(
    connection: Connection,
    vault: Vault,
    row: Row[Any],
    questionnaire: Questionnaire,
    standing: Standing,
    now: datetime,
) -> None:
    """Let a withdrawn consent take effect on the submitted response at once, before the edited return is submitted.

    What its holder no longer wants to be known by, or reached by, is erased; a stricter choice about texts and name
    replaces the wider one. Everything else of the response waits until it is submitted again.
    """
    said_now = {name: stored for name in standing.answers if (stored := standing.answer(name)) is not None}
    held = _load_response(connection, vault, row)
    answers = narrow_consent(held.answers, said_now)
    identity, contact = held.identity, narrow_consent(held.contact, said_now)
    if answers != held.answers:
        identity = {name: stored for name, stored in identity.items() if standing.is_relevant(name)}
    contact = {name: stored for name, stored in contact.items() if standing.is_relevant(name)}
    narrowed = Compartments(answers, held.texts, identity, contact)
    if narrowed == held:
        return
    links = Links(row.response_identity_link, row.response_contact_link)
    links = write_sealed(connection, vault, row.survey_id, links, held, narrowed, now)
    values = {"answers": answers, "identity_link": links.identity, "contact_link": links.contact}
    _update_response(connection, row, {**values, "edited_at": max(now, row.response_submitted_at)})
    request_scrub(connection)


def _add_response(
    connection: Connection, vault: Vault, row: Row[Any], parts: Compartments, now: datetime
) -> Submission:
    survey_id = row.survey_id
    place, receipt = _take_place(connection, survey_id)
    links = write_sealed(connection, vault, survey_id, Links(None, None), None, parts, now)
    connection.execute(
        _insert,
        {
            "survey_id": survey_id,
            "number": place.number,
            "revision": place.revision,
            "state": "submitted",
            "round_id": row.round_id,
            "questionnaire_version": row.questionnaire_version,
            "company_id": row.company_id,
            "submit_key": row.submit_key,
            "receipt": receipt,
            "mode": row.mode,
            "language": row.language,
            "answers": parts.answers,
            "texts": parts.texts,
            "identity_link": links.identity,
            "contact_link": links.contact,
            "started_at": row.started_at,
            "submitted_at": max(now, row.started_at),  # clocks of two servers may differ
        },
    )
    return Submission(place.number, receipt, place.revision, is_edit=False, is_repeat=False)


def _take_place(connection: Connection, survey_id: str) -> tuple[Place, str]:
    receipt = draw_receipt()
    place = take_place(connection, survey_id, receipt)
    while place.receipt_is_taken:  # the constraint has the last word, but asking first costs no failed transaction
        receipt = draw_receipt()
        taken = select(response.c.number).where(response.c.survey_id == survey_id, response.c.receipt == receipt)
        place = Place(place.revision, place.number, connection.scalar(taken) is not None)
    return place, receipt


def _edit_response(
    connection: Connection, vault: Vault, row: Row[Any], parts: Compartments, now: datetime
) -> Submission:
    held = _load_response(connection, vault, row)
    if held == parts:
        return Submission(row.response_number, row.receipt, row.response_revision, is_edit=True, is_repeat=True)
    links = Links(row.response_identity_link, row.response_contact_link)
    links = write_sealed(connection, vault, row.survey_id, links, held, parts, now)
    values = {
        "answers": parts.answers,
        "texts": parts.texts,
        "identity_link": links.identity,
        "contact_link": links.contact,
        "language": row.language,
        "edited_at": max(now, row.response_submitted_at),
    }
    revision = _update_response(connection, row, values)
    return Submission(row.response_number, row.receipt, revision, is_edit=True, is_repeat=False)


def _update_response(connection: Connection, row: Row[Any], values: Mapping[str, Any]) -> int:
    revision = take_revision(connection, row.survey_id)
    connection.execute(
        update(response)
        .where(response.c.survey_id == row.survey_id, response.c.number == row.response_number)
        .values(revision=revision, **values)
    )
    return revision


def _load_response(connection: Connection, vault: Vault, row: Row[Any]) -> Compartments:
    links = [link for link in (row.response_identity_link, row.response_contact_link) if link is not None]
    sealed = load_confidential(connection, vault, row.survey_id, links)
    nothing: dict[str, Stored] = {}
    return Compartments(
        row.response_answers,
        row.response_texts,
        sealed.get(row.response_identity_link, nothing),
        sealed.get(row.response_contact_link, nothing),
    )


def _settle_draft(
    connection: Connection,
    vault: Vault,
    row: Row[Any],
    questionnaire: Questionnaire,
    current: Draft,
    kept: Answers,
    submission: Submission,
    now: datetime,
) -> None:
    """Note what was submitted, and drop from the draft what was not asked (house.md, "What a page is")."""
    values = {"state": "submitted", "response_number": submission.number, "submitted_saves": row.saves}
    asked = {name: stored for name, stored in kept.items() if questionnaire.by_name[name].is_asked}
    if asked != current.answers:
        before, after = split_answers(questionnaire, current.answers), split_answers(questionnaire, asked)
        links = Links(row.identity_link, row.contact_link)
        links = write_sealed(connection, vault, row.survey_id, links, before, after, now)
        values |= {
            "answers": after.answers,
            "texts": after.texts,
            "identity_link": links.identity,
            "contact_link": links.contact,
        }
    update_draft(connection, row, values)
