"""Answering: the way of a return from its first page to its receipt, and back again.

Every function takes the connection of a transaction that the edge opened with `Database.write()` (`find_draft`:
`read()`), and never commits. A draft that is handed in says only which return is meant: what is changed is the row as
it is now, so that two people, two tabs or two servers at one return lose nothing of each other.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from surveyapp.fieldwork.consent import CONSENT_QUESTIONS, PARTICIPATION, has_agreed, has_refused
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
from surveyapp.fieldwork.rounds import Round, hold_round
from surveyapp.fieldwork.submitting import ConsentMissing, ReturnIncomplete, Submission, narrow_response, submit
from surveyapp.fieldwork.withdrawing import count_refusal, erase_on_refusal, make_refusal_id, withdraw
from surveyapp.questionnaire.model import Answers, Choice, Language, Page, Question, Questionnaire, Stored
from surveyapp.questionnaire.paths import Standing, evaluate, find_cleared
from surveyapp.records.database import request_scrub
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import draft as draft_table
from surveyapp.records.tables import refusal

__all__ = [
    "ConsentMissing",
    "Draft",
    "LinkUnknown",
    "OpenLinkOff",
    "PageChangedMeanwhile",
    "ReturnIncomplete",
    "ReturnWithdrawn",
    "SavedPage",
    "Submission",
    "find_draft",
    "make_token",
    "refuse",
    "save_page",
    "set_language",
    "start_return",
    "submit",
    "withdraw",
]


class OpenLinkOff(Exception):
    """The round takes returns of invited companies only."""


class PageChangedMeanwhile(Exception):
    """Somebody else saved this page after it was drawn: `draft` is what they left, `names` where the two differ."""

    def __init__(self, draft: Draft, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.draft = draft
        self.names = names


@dataclass(frozen=True, slots=True)
class SavedPage:
    """What a saved page made of the return: `cleared` are choices that its answers no longer offer."""

    draft: Draft
    cleared: tuple[tuple[Question, Choice], ...]
    standing: Standing


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
) -> Draft:
    """Begin a return with the answers of the consent page. The same `token` is always the same return.

    Sent again with other answers, as from the page before by the browser's back button, they are saved as any page is.
    Raises `ConsentMissing`, `RoundNotOpen`, `RoundClosed`, `OpenLinkOff`, and `LinkUnknown` where the token belongs to
    another round.
    """
    round_ = hold_round(connection, round_)
    consent_page = questionnaire.page_of.get(PARTICIPATION)
    if consent_page is None or not has_agreed(answers):
        raise ConsentMissing
    known = _find_draft_id(connection, round_.survey_id, token)
    if known is not None:
        return _resume(connection, vault, known, round_, questionnaire, consent_page, answers, language, now)
    round_.check_open(now)
    if company_id is None and not round_.open_link:
        raise OpenLinkOff
    merged = _merge(questionnaire, {}, consent_page, answers)
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
            "saves": 1,
            "page_saves": {consent_page.name: 1},
            "started_at": now,
            "saved_at": now,
        },
    )
    # Whoever refused on this very form and then thought better of it is one return, not a refusal and a return.
    refusal_id = make_refusal_id(hash_token(token))
    connection.execute(
        delete(refusal).where(refusal.c.survey_id == round_.survey_id, refusal.c.refusal_id == refusal_id)
    )
    return read_draft(vault, hold_draft(connection, round_.survey_id, draft_id))


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
    seen: int | None = None,
) -> SavedPage:
    """Keep the answers of one page; None blanks an answer, and a question without a key keeps its own.

    Answers to questions of other pages, or to those that these answers hide, are passed over. A hidden question keeps
    its earlier answer in the draft, except where it names the company or reaches a person: that is erased at once,
    because it was given for as long as it is asked for. Participation refused erases everything.

    `seen` is `Draft.saves` when the page was drawn: where the page was saved by somebody else since then with other
    answers, nothing is saved and `PageChangedMeanwhile` raised. Raises `ReturnWithdrawn`, `RoundClosed`,
    `RoundNotOpen`, `ConsentMissing` and `LinkUnknown` too.
    """
    row = hold_draft(connection, draft.survey_id, draft.draft_id)
    if PARTICIPATION in {question.name for question in page.questions} and has_refused(page_answers):
        # Saying no takes effect whatever the round's state, as a withdrawal does.
        erase_on_refusal(connection, row, language=language, now=now)
        gone = read_draft(vault, hold_draft(connection, draft.survey_id, draft.draft_id))
        return SavedPage(gone, (), evaluate(questionnaire, gone.answers))
    if row.state == "withdrawn":
        raise ReturnWithdrawn
    check_open(connection, row, now)
    current = read_draft(vault, row)
    merged = _merge(questionnaire, current.answers, page, page_answers)
    if not has_agreed(merged.answers):
        raise ConsentMissing
    _check_unseen(current, row, page, merged.answers, seen)
    saved = _write_answers(connection, vault, row, current, questionnaire, page, merged, language, now)
    return SavedPage(saved, merged.cleared, merged.standing)


def set_language(connection: Connection, draft: Draft, language: Language) -> None:
    """Remember the language in which the return is read and mailed to."""
    row = hold_draft(connection, draft.survey_id, draft.draft_id)
    if row.state != "withdrawn" and row.language != language:
        update_draft(connection, row, {"language": language})


@dataclass(frozen=True, slots=True)
class _Merged:
    answers: dict[str, Stored]
    cleared: tuple[tuple[Question, Choice], ...]
    erased: frozenset[str]  # answers that name or reach somebody and are no longer asked for
    standing: Standing


def _merge(questionnaire: Questionnaire, kept: Answers, page: Page, posted: Mapping[str, Stored | None]) -> _Merged:
    mine = {question.name for question in page.questions} & posted.keys()
    standing = evaluate(questionnaire, _lay_over(kept, posted, mine))
    # A hidden question counts as blank everywhere, so passing over its new answer changes nothing for the others.
    answers = _lay_over(kept, posted, {name for name in mine if standing.is_relevant(name)})
    cleared = find_cleared(evaluate(questionnaire, answers))
    for question, choice in cleared:
        _clear_choice(answers, question.name, choice.name)
    erased = frozenset(
        question.name
        for question in questionnaire.questions_in("identity", "contact")
        if question.name in kept and not standing.is_relevant(question.name)
    )
    for name in erased:
        del answers[name]
    return _Merged(answers, cleared, erased, evaluate(questionnaire, answers))


def _lay_over(kept: Answers, posted: Mapping[str, Stored | None], names: set[str]) -> dict[str, Stored]:
    answers = dict(kept)
    for name in names:
        stored = posted[name]
        if stored is None:
            answers.pop(name, None)
        else:
            answers[name] = stored
    return answers


def _clear_choice(answers: dict[str, Stored], name: str, choice: str) -> None:
    stored = answers[name]
    left = [chosen for chosen in stored if chosen != choice] if isinstance(stored, list) else []
    if left:
        answers[name] = left
    else:
        del answers[name]


def _check_unseen(current: Draft, row: Row[Any], page: Page, answers: Answers, seen: int | None) -> None:
    if seen is None or row.page_saves.get(page.name, 0) <= seen:
        return
    differing = tuple(
        question.name for question in page.questions if answers.get(question.name) != current.answers.get(question.name)
    )
    if differing:
        raise PageChangedMeanwhile(current, differing)


def _write_answers(
    connection: Connection,
    vault: Vault,
    row: Row[Any],
    current: Draft,
    questionnaire: Questionnaire,
    page: Page,
    merged: _Merged,
    language: Language,
    now: datetime,
) -> Draft:
    values: dict[str, Any] = {"language": language, "saved_at": now}
    saves = current.saves
    if merged.answers != current.answers:
        saves += 1
        before, after = split_answers(questionnaire, current.answers), split_answers(questionnaire, merged.answers)
        links = Links(row.identity_link, row.contact_link)
        links = write_sealed(connection, vault, row.survey_id, links, before, after, now)
        values |= {
            "answers": after.answers,
            "texts": after.texts,
            "identity_link": links.identity,
            "contact_link": links.contact,
            "saves": saves,
            "page_saves": {**row.page_saves, page.name: saves},
        }
        if merged.erased:
            request_scrub(connection)
        if row.state == "submitted" and (merged.erased or _has_changed_consent(current.answers, merged.answers)):
            narrow_response(connection, vault, row, questionnaire, merged.standing, now)
    update_draft(connection, row, values)
    return Draft(
        survey_id=current.survey_id,
        draft_id=current.draft_id,
        round_id=current.round_id,
        company_id=current.company_id,
        state=current.state,
        language=language,
        answers=merged.answers,
        started_at=current.started_at,
        saved_at=now,
        withdrawn_at=None,
        submit_key=current.submit_key,
        response_number=current.response_number,
        receipt=current.receipt,
        saves=saves,
        has_unsubmitted_changes=current.state == "submitted" and saves != row.submitted_saves,
    )


def _has_changed_consent(before: Answers, after: Answers) -> bool:
    return any(before.get(name) != after.get(name) for name in CONSENT_QUESTIONS)


def _find_draft_id(connection: Connection, survey_id: str, token: str) -> str | None:
    found: str | None = connection.scalar(
        select(draft_table.c.draft_id).where(
            draft_table.c.survey_id == survey_id, draft_table.c.token_hash == hash_token(token)
        )
    )
    return found


def _resume(
    connection: Connection,
    vault: Vault,
    draft_id: str,
    round_: Round,
    questionnaire: Questionnaire,
    consent_page: Page,
    answers: Mapping[str, Stored | None],
    language: Language,
    now: datetime,
) -> Draft:
    current = read_draft(vault, hold_draft(connection, round_.survey_id, draft_id))
    if current.round_id != round_.round_id:
        raise LinkUnknown
    is_same = all(
        answers.get(question.name) == current.answers.get(question.name)
        for question in consent_page.questions
        if question.name in answers
    )
    if current.state == "withdrawn" or is_same:
        return current
    saved = save_page(connection, vault, current, questionnaire, consent_page, answers, language=language, now=now)
    return saved.draft
