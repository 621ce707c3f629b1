"""Answering: the way of a return from its first page to its receipt, and back again.

Every function takes the connection of a transaction that the edge opened with `Database.write()` (`find_draft`:
`read()`), and never commits. A draft that is handed in says only which return is meant: what is changed is the row as
it is now, so that two people, two tabs or two servers at one return lose nothing of each other.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from surveyapp.fieldwork.answer_writing import merge_page, write_answers
from surveyapp.fieldwork.consent import CONSENT_QUESTIONS, PARTICIPATION, has_agreed, has_refused
from surveyapp.fieldwork.consent_records import record_consents
from surveyapp.fieldwork.drafts import (
    Draft,
    Links,
    LinkUnknown,
    ReturnWithdrawn,
    check_open,
    find_draft,
    hash_token,
    hold_draft,
    make_token,
    read_draft,
    split_answers,
    update_draft,
    write_sealed,
)
from surveyapp.fieldwork.merging import merge_posted
from surveyapp.fieldwork.modes import Mode
from surveyapp.fieldwork.part_links import check_not_former
from surveyapp.fieldwork.rounds import Round, hold_round
from surveyapp.fieldwork.submitting import ConsentMissing, ReturnIncomplete, Submission, submit
from surveyapp.fieldwork.withdrawing import count_refusal, erase_on_refusal, make_refusal_id, withdraw
from surveyapp.questionnaire.answer_digest import Settlement
from surveyapp.questionnaire.model import Choice, Language, Page, Question, Questionnaire, Stored
from surveyapp.questionnaire.paths import Standing, evaluate
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import draft as draft_table
from surveyapp.records.tables import refusal

__all__ = [
    "ConsentMissing",
    "Draft",
    "LinkUnknown",
    "OpenLinkOff",
    "ReturnIncomplete",
    "ReturnWithdrawn",
    "SavedPage",
    "Submission",
    "find_draft",
    "make_token",
    "refuse",
    "resume_begun",
    "save_page",
    "set_language",
    "start_return",
    "submit",
    "withdraw",
]


class OpenLinkOff(Exception):
    """The round takes returns of invited companies only."""


@dataclass(frozen=True, slots=True)
class SavedPage:
    """What a saved page made of the return.

    `cleared` are choices that its answers no longer offer; of `left` and `conflicts` the stored answer stands: nobody
    changed the former here, about the latter the person has to be asked.
    """

    draft: Draft
    cleared: tuple[tuple[Question, Choice], ...]
    standing: Standing
    left: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def start_return(
    connection: Connection,
    vault: Vault,
    round_: Round,
    questionnaire: Questionnaire,
    *,
    token: str,
    answers: Mapping[str, Stored | None],
    language: Language,
    now: datetime,
    company_id: int | None = None,
    mode: Mode = "web",
) -> Draft:
    """Begin a return with the answers of the consent page. The same `token` is always the same return.

    Sent again with other answers, as from the page before by the browser's back button, they are saved as any page is.
    `mode` says how the answers come in; staff who type them need no open link.
    Raises `ConsentMissing`, `RoundNotOpen`, `RoundClosed`, `OpenLinkOff`, and `LinkUnknown` where the token belongs to
    another round.
    """
    round_ = hold_round(connection, round_)
    consent_page = questionnaire.page_of.get(PARTICIPATION)
    if consent_page is None or not has_agreed(answers):
        raise ConsentMissing
    known = _find_draft_id(connection, round_.survey_id, token)
    if known is not None:
        return resume_begun(
            connection, vault, round_, questionnaire, known, answers=answers, language=language, now=now
        )
    round_.check_open(now)
    if company_id is None and not round_.open_link and mode == "web":
        raise OpenLinkOff
    merged = merge_page(questionnaire, {}, consent_page, answers)
    parts = split_answers(questionnaire, merged.answers)
    links = write_sealed(connection, vault, round_.survey_id, Links(None, None), None, parts, now)
    draft_id = secrets.token_hex(16)
    connection.execute(
        insert(draft_table),
        {
            "survey_id": round_.survey_id,
            "draft_id": draft_id,
            "token_hash": hash_token(token),
            "round_id": round_.round_id,
            "company_id": company_id,
            "state": "open",
            "language": language,
            "answers": parts.answers,
            "texts": parts.texts,
            "identity_link": links.identity,
            "contact_link": links.contact,
            "submit_key": secrets.token_hex(16),
            "mode": mode,
            "saves": 1,
            "started_at": now,
            "saved_at": now,
        },
    )
    begun = hold_draft(connection, round_.survey_id, draft_id)
    record_consents(connection, questionnaire, begun, {}, merged.answers, language=language, mode=mode, now=now)
    # Whoever refused on this very form and then thought better of it is one return, not a refusal and a return.
    refusal_id = make_refusal_id(hash_token(token))
    connection.execute(
        delete(refusal).where(refusal.c.survey_id == round_.survey_id, refusal.c.refusal_id == refusal_id)
    )
    return read_draft(vault, begun)


def resume_begun(
    connection: Connection,
    vault: Vault,
    round_: Round,
    questionnaire: Questionnaire,
    draft_id: str,
    *,
    answers: Mapping[str, Stored | None],
    language: Language,
    now: datetime,
) -> Draft:
    """The return of this number, to which its start page was sent once more; other answers than before are saved.

    Raises `LinkUnknown` where it belongs to another round, and what `save_page` raises.
    """
    current = read_draft(vault, hold_draft(connection, round_.survey_id, draft_id))
    if current.round_id != round_.round_id:
        raise LinkUnknown
    consent_page = questionnaire.page_of[PARTICIPATION]
    is_same = all(
        answers.get(question.name) == current.answers.get(question.name)
        for question in consent_page.questions
        if question.name in answers
    )
    if current.state == "withdrawn" or is_same:
        return current
    saved = save_page(connection, vault, current, questionnaire, consent_page, answers, language=language, now=now)
    return saved.draft


def refuse(connection: Connection, round_: Round, *, refusal_id: str, language: Language, now: datetime) -> None:
    """Count one refusal, without answers; `refusal_id` is the token of the start form, and counts once.

    A return that was begun with this token is erased. Raises `RoundNotOpen` and `RoundClosed`, unless there is one.
    """
    round_ = hold_round(connection, round_)
    known = _find_draft_id(connection, round_.survey_id, refusal_id)
    if known is not None:
        erase_on_refusal(connection, hold_draft(connection, round_.survey_id, known), language=language, now=now)
        return
    round_.check_open(now)
    token_hash = hash_token(refusal_id)
    count_refusal(connection, round_.survey_id, round_.round_id, token_hash, language=language, now=now)


def save_page(
    connection: Connection,
    vault: Vault,
    draft: Draft,
    questionnaire: Questionnaire,
    page: Page,
    page_answers: Mapping[str, Stored | None],
    *,
    language: Language,
    now: datetime,
    read: Mapping[str, str] | None = None,
    settled: Mapping[str, Settlement] | None = None,
    is_typing: bool = False,
) -> SavedPage:
    """Keep the answers of one page; None blanks an answer, and a question without a key keeps its own.

    Answers to questions of other pages, or to those that these answers hide, are passed over. A hidden question keeps
    its earlier answer in the draft, except where it names the company or reaches a person: that is erased at once,
    because it was given for as long as it is asked for. Participation refused erases everything.

    `read` says over which version of each stored answer the posted one was drawn, and `settled` what the person chose
    where both were shown (`merging.merge_posted`). `is_typing` keeps what a script sends before a button is pressed:
    it neither gives nor withdraws consent, and erases and clears nothing, since the next key may take it back.
    Raises `ReturnWithdrawn`, `RoundClosed`, `RoundNotOpen`, `ConsentMissing` and `LinkUnknown`.
    """
    row = hold_draft(connection, draft.survey_id, draft.draft_id)
    if is_typing:
        deliberate = {PARTICIPATION, *CONSENT_QUESTIONS}
        page_answers = {name: stored for name, stored in page_answers.items() if name not in deliberate}
    if PARTICIPATION in {question.name for question in page.questions} and has_refused(page_answers):
        # Saying no takes effect whatever the round's state, as a withdrawal does.
        erase_on_refusal(connection, row, language=language, now=now)
        gone = read_draft(vault, hold_draft(connection, draft.survey_id, draft.draft_id))
        return SavedPage(gone, (), evaluate(questionnaire, gone.answers))
    if row.state == "withdrawn":
        raise ReturnWithdrawn
    check_open(connection, row, now)
    current = replace(read_draft(vault, row), invitation_id=draft.invitation_id)
    merge = merge_posted(current.answers, page_answers, read or {}, settled or {})
    merged = merge_page(questionnaire, current.answers, page, merge.taken, is_typing=is_typing)
    if not has_agreed(merged.answers):
        raise ConsentMissing
    saved = write_answers(connection, vault, row, current, questionnaire, merged, language, now)
    conflicts = tuple(name for name in merge.conflicts if merged.standing.is_relevant(name))
    return SavedPage(saved, merged.cleared, merged.standing, merge.left, conflicts)


def set_language(connection: Connection, draft: Draft, language: Language) -> None:
    """Remember the language in which the return is read and mailed to."""
    row = hold_draft(connection, draft.survey_id, draft.draft_id)
    if row.state != "withdrawn" and row.language != language:
        update_draft(connection, row, {"language": language})


def _find_draft_id(connection: Connection, survey_id: str, token: str) -> str | None:
    found: str | None = connection.scalar(
        select(draft_table.c.draft_id).where(
            draft_table.c.survey_id == survey_id, draft_table.c.token_hash == hash_token(token)
        )
    )
    if found is None:
        check_not_former(connection, survey_id, token)  # or the start form would begin a second return
    return found
