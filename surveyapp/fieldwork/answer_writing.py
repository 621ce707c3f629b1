"""What the answers of a page make of a return, and how that is written, for whoever holds its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from surveyapp.fieldwork.consent import CONSENT_QUESTIONS
from surveyapp.fieldwork.consent_records import record_consents
from surveyapp.fieldwork.drafts import Draft, Links, split_answers, update_draft, write_sealed
from surveyapp.fieldwork.submitting import narrow_response
from surveyapp.questionnaire.model import Answers, Choice, Language, Page, Question, Questionnaire, Stored
from surveyapp.questionnaire.paths import Standing, evaluate, find_cleared
from surveyapp.records.database import request_scrub
from surveyapp.records.encryption import Vault


@dataclass(frozen=True, slots=True)
class Merged:
    answers: dict[str, Stored]
    cleared: tuple[tuple[Question, Choice], ...]
    erased: frozenset[str]  # answers that name or reach somebody and are no longer asked for
    standing: Standing


def merge_page(
    questionnaire: Questionnaire,
    kept: Answers,
    page: Page,
    posted: Mapping[str, Stored | None],
    *,
    is_typing: bool = False,
) -> Merged:
    """The kept answers with the posted ones of a page, and what is cleared and erased in consequence."""
    mine = {question.name for question in page.questions} & posted.keys()
    laid = _lay_over(kept, posted, mine)
    standing = evaluate(questionnaire, laid)
    # A hidden question counts as blank everywhere, so passing over its new answer changes nothing for the others.
    answers = _lay_over(kept, posted, {name for name in mine if standing.is_relevant(name)})
    if answers != laid:
        standing = evaluate(questionnaire, answers)
    if is_typing:
        return Merged(answers, (), frozenset(), standing)
    cleared = find_cleared(standing)
    erased = frozenset(
        question.name
        for question in questionnaire.questions_in("identity", "contact")
        if question.name in kept and not standing.is_relevant(question.name)
    )
    if not cleared and not erased:
        return Merged(answers, cleared, erased, standing)
    remaining = dict(answers)
    for question, choice in cleared:
        _clear_choice(remaining, question.name, choice.name)
    for name in erased:
        del remaining[name]
    return Merged(remaining, cleared, erased, evaluate(questionnaire, remaining))


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


def write_answers(
    connection: Connection,
    vault: Vault,
    row: Row[Any],
    current: Draft,
    questionnaire: Questionnaire,
    merged: Merged,
    language: Language,
    now: datetime,
) -> Draft:
    """Keep what changed. A withdrawn consent takes effect on a submitted response at once."""
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
        }
        if merged.erased:
            request_scrub(connection)
        if row.state == "submitted" and (merged.erased or _has_changed_consent(current.answers, merged.answers)):
            narrow_response(connection, vault, row, questionnaire, merged.standing, now)
        record_consents(
            connection, questionnaire, row, current.answers, merged.answers, language=language, mode=row.mode, now=now
        )
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
        mode=current.mode,
        invitation_id=current.invitation_id,
    )


def _has_changed_consent(before: Answers, after: Answers) -> bool:
    return any(before.get(name) != after.get(name) for name in CONSENT_QUESTIONS)
