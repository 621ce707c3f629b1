"""Rounds and returns for the tests of the analysis, written straight into the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select, update

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.index_refresh import refresh_index
from surveyapp.analysis.masks import Filters, Mask, build_mask
from surveyapp.fieldwork.rounds import Round, open_round, register_questionnaire
from surveyapp.fieldwork.sample_rounds import SAMPLE_TEXTS
from surveyapp.questionnaire.model import Question, Questionnaire, Stored, Text
from surveyapp.questionnaire.paths import evaluate, keep_asked
from surveyapp.records.change_feed import take_place, take_revision
from surveyapp.records.database import Database
from surveyapp.records.tables import company, response

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TITLE = Text("회차", "Round", "実施回")

# A company on the Japanese market that agreed to everything; tests add what they are about.
PLAIN: Mapping[str, Stored] = {
    "consent_participate": "agree",
    "consent_quote": "agree",
    "attribution_level": "anonymous",
    "company_type": "pharma",
    "company_size": "e50_299",
    "product_categories": ["generic"],
    "respondent_role": "ra",
    "export_experience": "gt10",
    "jp_stage": "onmarket",
    "jp_products": ["generic"],
    "jp_routes": ["dmah"],
    "pmda_contact": "formal",
}


@dataclass
class Field:
    """A survey in a database, and how returns get into it."""

    database: Database
    questionnaire: Questionnaire
    clock: datetime = NOW
    index: AnswerIndex = field(init=False)

    def __post_init__(self) -> None:
        self.index = AnswerIndex(self.survey_id)
        with self.database.write() as connection:
            register_questionnaire(connection, self.questionnaire, NOW)

    @property
    def survey_id(self) -> str:
        return self.questionnaire.form_id

    def add_round(self, slug: str = "2026", *, counts_companies: bool = False) -> int:
        with self.database.write() as connection:
            opened: Round = open_round(
                connection,
                self.questionnaire,
                slug=slug,
                kind="real",
                title=TITLE,
                operator_texts=SAMPLE_TEXTS,
                opens_at=NOW - timedelta(days=10),
                closes_at=NOW + timedelta(days=10),
                open_link=not counts_companies,
                counts_companies=counts_companies,
                now=NOW,
            )
        return opened.round_id

    def add(
        self,
        round_id: int,
        answers: Mapping[str, Stored] | None = None,
        *,
        company_id: int | None = None,
        mode: str = "web",
    ) -> int:
        """One submitted return: `PLAIN` with these answers, of which only what counts is kept. Its number."""
        self.clock += timedelta(minutes=1)
        answers_kept, texts = self.keep({**PLAIN, **(answers or {})})
        with self.database.write() as connection:
            if company_id is not None:
                known = select(company.c.company_id).where(company.c.company_id == company_id)
                if connection.scalar(known) is None:
                    connection.execute(
                        insert(company).values(
                            survey_id=self.survey_id,
                            company_id=company_id,
                            name={},
                            membership="unknown",
                            search_words="",
                            is_sample=False,
                            created_at=NOW,
                            changed_at=NOW,
                        )
                    )
            place = take_place(connection, self.survey_id, "")
            connection.execute(
                insert(response).values(
                    survey_id=self.survey_id,
                    number=place.number,
                    revision=place.revision,
                    state="submitted",
                    round_id=round_id,
                    questionnaire_version=self.questionnaire.version,
                    company_id=company_id,
                    submit_key=f"key-{place.number}",
                    receipt=f"receipt-{place.number}",
                    mode=mode,
                    language="ko",
                    answers=answers_kept,
                    texts=texts,
                    started_at=self.clock,
                    submitted_at=self.clock,
                )
            )
        return place.number

    def add_many(self, round_id: int, returns: Sequence[Mapping[str, Stored]]) -> list[int]:
        return [self.add(round_id, answers) for answers in returns]

    def edit(self, number: int, answers: Mapping[str, Stored]) -> None:
        self.clock += timedelta(minutes=1)
        answers_kept, texts = self.keep({**PLAIN, **answers})
        self._change(number, answers=answers_kept, texts=texts, edited_at=self.clock)

    def withdraw(self, number: int) -> None:
        self.clock += timedelta(minutes=1)
        self._change(number, answers={}, texts={}, state="withdrawn", withdrawn_at=self.clock, company_id=None)

    def erase_texts(self, number: int) -> None:
        """As housekeeping does: the return gets a new revision and answers as before."""
        self._change(number, texts={})

    def keep(self, answers: Mapping[str, Stored]) -> tuple[dict[str, Stored], dict[str, Stored]]:
        """What a submitted return holds of these answers: (answers, texts)."""
        kept = keep_asked(evaluate(self.questionnaire, answers))
        by_name = self.questionnaire.by_name
        return (
            {name: stored for name, stored in kept.items() if by_name[name].compartment == "answers"},
            {name: stored for name, stored in kept.items() if by_name[name].compartment == "texts"},
        )

    def refresh(self) -> AnswerIndex:
        with self.database.read() as connection:
            self.index = refresh_index(self.index, connection, lambda version: self.questionnaire)
        return self.index

    def mask(self, round_id: int, filters: Filters | None = None) -> Mask:
        return build_mask(self.refresh(), self.questionnaire, round_id, filters)

    def _change(self, number: int, **values: Any) -> None:
        with self.database.write() as connection:
            connection.execute(
                update(response)
                .where(response.c.survey_id == self.survey_id, response.c.number == number)
                .values(revision=take_revision(connection, self.survey_id), **values)
            )


def tick(
    *areas: str, severity: int | None = 3, status: str | None = "unresolved", **answers: Stored
) -> dict[str, Stored]:
    """Answers of a company that met difficulties in some areas, all of them with the same details."""
    found: dict[str, Stored] = {"ch_areas": list(areas)}
    for area in areas:
        found[f"ch_{area}_leaf"] = [f"{area}-other"]
        if severity is not None:
            found[f"ch_{area}_sev"] = str(severity)
        if status is not None:
            found[f"ch_{area}_status"] = status
    return {**found, **answers}


def draw_answers(questionnaire: Questionnaire, random: Random, *, blank: float = 0.15) -> dict[str, Stored]:
    """Random answers to every question but the confidential ones; `blank` is the share that is left out."""
    found: dict[str, Stored] = {"consent_participate": "agree"}
    for question in questionnaire.questions_in("answers", "texts"):
        if question.name not in found and random.random() >= blank:
            found[question.name] = draw_answer(question, random)
    return found


def draw_answer(question: Question, random: Random) -> Stored:
    names = [choice.name for choice in question.choices]
    if question.kind == "select_one":
        return random.choice(names)
    if question.kind == "select_multiple":
        if question.name.endswith("_leaf"):
            names = [name for name in names if name.startswith(question.name.split("_")[1])]
        drawn = random.sample(names, random.randint(1, min(5, len(names))))
        return [name for name in names if name in drawn]
    if question.kind == "rank":
        return random.sample(names, random.randint(1, len(names)))
    if question.kind == "integer":
        return random.randint(0, 12)
    return random.choice(["사례", "case", "事例"])
