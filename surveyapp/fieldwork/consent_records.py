"""Consent as data: what was said of each consent, to which words, when and in which language. Rows are added only.

The words are kept once, by their digest: the notices directly above the question, the question, its hint and its
choices, as they were shown in the person's language with the operator's texts filled in.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select
from sqlalchemy.dialects import postgresql

from surveyapp.fieldwork.consent import ALL_CONSENTS, KEEPS_NAMES, REFUSED
from surveyapp.fieldwork.modes import Mode
from surveyapp.fieldwork.rounds import Round, find_round_by_id
from surveyapp.questionnaire.model import Answers, Language, Question, Questionnaire, Text
from surveyapp.records.tables import consent_record, consent_text, draft

TAKEN_BACK = ""


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One thing that was said: `choice` is the name of a choice, or `TAKEN_BACK`."""

    question: str
    choice: str
    words: str
    digest: str  # SHA-256 of the words
    questionnaire_version: str
    language: Language
    mode: Mode
    said_at: datetime


def record_consents(
    connection: Connection,
    questionnaire: Questionnaire,
    row: Row[Any],
    before: Answers,
    after: Answers,
    *,
    language: Language,
    mode: Mode,
    now: datetime,
) -> None:
    """Keep each consent that `after` gives otherwise than `before`; `row` is the return's, of `hold_draft`."""
    changed = [name for name in ALL_CONSENTS if name in questionnaire.by_name and before.get(name) != after.get(name)]
    if not changed:
        return
    round_ = find_round_by_id(connection, row.survey_id, row.round_id)
    for name in changed:
        words = write_words(questionnaire, round_, name, language)
        digest = _keep_words(connection, row.survey_id, words)
        _add_record(
            connection,
            row,
            name,
            str(after.get(name, TAKEN_BACK)),
            digest,
            questionnaire_version=questionnaire.version,
            language=language,
            mode=mode,
            now=now,
        )


def take_back_consents(connection: Connection, row: Row[Any], *, said: Mapping[str, str], now: datetime) -> None:
    """Keep that everything the return's holder agreed to is taken back: the words are those that were agreed to.

    `said` names the choice where the holder did say something, such as a refusal.
    """
    latest = {one.question: one for one in list_consents(connection, row.survey_id, row.draft_id)}
    for name, one in latest.items():
        if one.choice in (TAKEN_BACK, REFUSED):
            continue
        _add_record(
            connection,
            row,
            name,
            said.get(name, TAKEN_BACK),
            one.digest,
            questionnaire_version=one.questionnaire_version,
            language=one.language,
            mode=row.mode,
            now=now,
        )


def find_nameless(connection: Connection, survey_id: str, round_id: int) -> frozenset[int]:
    """Numbers of returns that once gave the company's name, or whom to reach, and took that back: it is erased."""
    earlier, later = consent_record.alias(), consent_record.alias()
    of_draft = and_(draft.c.survey_id == earlier.c.survey_id, draft.c.draft_id == earlier.c.draft_id)
    follows = and_(
        later.c.survey_id == earlier.c.survey_id,
        later.c.draft_id == earlier.c.draft_id,
        later.c.question == earlier.c.question,
        later.c.said_at > earlier.c.said_at,
        later.c.choice != earlier.c.choice,
    )
    said = (
        and_(earlier.c.question == question, earlier.c.choice == choice) for question, choice in KEEPS_NAMES.items()
    )
    numbers = connection.scalars(
        select(draft.c.response_number)
        .select_from(draft.join(earlier, of_draft).join(later, follows))
        .where(
            draft.c.survey_id == survey_id,
            draft.c.round_id == round_id,
            draft.c.response_number.is_not(None),
            or_(*said),
        )
        .distinct()
    )
    return frozenset(numbers)


def list_consents(connection: Connection, survey_id: str, draft_id: str) -> tuple[ConsentRecord, ...]:
    """What was said of each consent of a return, oldest first."""
    return list_consents_of(connection, survey_id, [draft_id]).get(draft_id, ())


def list_consents_of(
    connection: Connection, survey_id: str, draft_ids: Collection[str]
) -> dict[str, tuple[ConsentRecord, ...]]:
    """The same of several returns, by their number."""
    has_words = and_(
        consent_text.c.survey_id == consent_record.c.survey_id, consent_text.c.digest == consent_record.c.text_digest
    )
    rows = connection.execute(
        select(consent_record, consent_text.c.words)
        .select_from(consent_record.join(consent_text, has_words))
        .where(consent_record.c.survey_id == survey_id, consent_record.c.draft_id.in_(sorted(draft_ids)))
        .order_by(consent_record.c.said_at, consent_record.c.consent_id)
    )
    found: dict[str, list[ConsentRecord]] = {}
    for row in rows:
        record = ConsentRecord(
            question=row.question,
            choice=row.choice,
            words=row.words,
            digest=row.text_digest,
            questionnaire_version=row.questionnaire_version,
            language=row.language,
            mode=row.mode,
            said_at=row.said_at,
        )
        found.setdefault(row.draft_id, []).append(record)
    return {draft_id: tuple(records) for draft_id, records in found.items()}


def write_words(questionnaire: Questionnaire, round_: Round, name: str, language: Language) -> str:
    """Everything that a person had before their eyes when they answered this consent question."""
    return "\n\n".join(
        text.filled(round_.operator_texts).in_language(language) for text in _list_texts(questionnaire, name)
    )


def _list_texts(questionnaire: Questionnaire, name: str) -> Iterator[Text]:
    question = questionnaire.by_name[name]
    for notice in _find_notices(questionnaire, question):
        yield notice.label
    yield question.label
    if question.hint is not None:
        yield question.hint
    for choice in question.choices:
        yield choice.label


def _find_notices(questionnaire: Questionnaire, question: Question) -> list[Question]:
    """The notices between this question and the one before it on its page."""
    notices: list[Question] = []
    for item in questionnaire.page_of[question.name].items:
        if item is question:
            break
        notices = [*notices, item] if item.kind == "note" else [] if item.is_asked else notices
    return notices


def _keep_words(connection: Connection, survey_id: str, words: str) -> str:
    digest = hashlib.sha256(words.encode()).hexdigest()
    is_it = (consent_text.c.survey_id == survey_id, consent_text.c.digest == digest)
    row = {"survey_id": survey_id, "digest": digest, "words": words}
    if connection.scalar(select(consent_text.c.digest).where(*is_it)) is None:
        connection.execute(_insert_once(connection), row)
    return digest


def _insert_once(connection: Connection) -> Any:
    """Two returns may be the first to agree to the same words at the same moment."""
    if connection.dialect.name == "sqlite":
        return insert(consent_text)  # whose transaction is alone
    return postgresql.insert(consent_text).on_conflict_do_nothing()


def _add_record(
    connection: Connection,
    row: Row[Any],
    question: str,
    choice: str,
    digest: str,
    *,
    questionnaire_version: str,
    language: Language,
    mode: Mode,
    now: datetime,
) -> None:
    connection.execute(
        insert(consent_record).values(
            survey_id=row.survey_id,
            consent_id=secrets.token_hex(16),
            draft_id=row.draft_id,
            question=question,
            choice=choice,
            text_digest=digest,
            questionnaire_version=questionnaire_version,
            language=language,
            mode=mode,
            said_at=now,
        )
    )
