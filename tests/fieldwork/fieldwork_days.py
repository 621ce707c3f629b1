"""A round on a real database, and the moves of the people in it, for tests of the steps without a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from surveyapp.fieldwork.answering import (
    Draft,
    SavedPage,
    Submission,
    find_draft,
    refuse,
    save_page,
    start_return,
    submit,
    withdraw,
)
from surveyapp.fieldwork.rounds import Round, open_round, register_questionnaire
from surveyapp.questionnaire.answer_digest import Settlement, digest_answer
from surveyapp.questionnaire.model import Answers, Language, Questionnaire, Stored, Text
from surveyapp.questionnaire.paths import check_all, evaluate
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import confidential, draft, metadata, refusal, response

OPENS = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
CLOSES = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)
TITLE = Text("2026년 조사", "Survey of 2026", "2026年調査")
WORDS = Text("담당 부서", "the office in charge", "担当部署")
CONSENT: Answers = {"consent_participate": "agree", "consent_quote": "agree", "attribution_level": "anonymous"}


@dataclass
class FieldworkDay:
    """What a test has at hand: a database, a round, and a clock that it sets."""

    database: Database
    vault: Vault
    questionnaire: Questionnaire
    round: Round
    now: datetime = NOW
    tokens: list[str] = field(default_factory=list)

    def start(self, answers: Answers = CONSENT, *, language: Language = "ko", token: str | None = None) -> Draft:
        token = token or f"a private link's token, number {len(self.tokens)}"
        self.tokens.append(token)
        with self.database.write() as connection:
            return start_return(
                connection,
                self.vault,
                self.round,
                self.questionnaire,
                token=token,
                answers=answers,
                language=language,
                now=self.now,
            )

    def save(
        self,
        draft: Draft,
        page: str,
        answers: Mapping[str, Stored | None],
        *,
        language: Language = "ko",
        over: Draft | None = None,
        settled: Mapping[str, Settlement] | None = None,
        is_typing: bool = False,
    ) -> SavedPage:
        """`over` is the return as the page was drawn from it, where the page tells versions."""
        read = None if over is None else {name: digest_answer(over.answers.get(name)) for name in answers}
        with self.database.write() as connection:
            return save_page(
                connection,
                self.vault,
                draft,
                self.questionnaire,
                self.questionnaire.page_by_name[page],
                answers,
                language=language,
                now=self.now,
                read=read,
                settled=settled,
                is_typing=is_typing,
            )

    def fill(self, draft: Draft, answers: Answers) -> Draft:
        """Save every page that has one of these answers, in the order of the questionnaire."""
        for page in self.questionnaire.pages:
            mine: dict[str, Stored | None] = {
                question.name: answers[question.name] for question in page.questions if question.name in answers
            }
            if mine:
                draft = self.save(draft, page.name, mine).draft
        return draft

    def submit(self, draft: Draft) -> Submission:
        with self.database.write() as connection:
            return submit(connection, self.vault, draft, self.questionnaire, now=self.now)

    def withdraw(self, draft: Draft) -> Draft:
        with self.database.write() as connection:
            return withdraw(connection, draft, now=self.now)

    def refuse(self, refusal_id: str = "a start form", language: Language = "ko") -> None:
        with self.database.write() as connection:
            refuse(connection, self.round, refusal_id=refusal_id, language=language, now=self.now)

    def find(self, token: str | None = None) -> Draft:
        with self.database.read() as connection:
            return find_draft(connection, self.vault, self.round.survey_id, token or self.tokens[-1])

    def complete(self, answers: Answers) -> dict[str, Stored]:
        """These answers and the first possible one to each further question that must be answered."""
        complete = dict(answers)
        while faults := check_all(evaluate(self.questionnaire, complete)):
            standing = evaluate(self.questionnaire, complete)
            question = self.questionnaire.by_name[next(iter(faults))]
            assert question.name not in complete, f"{question.name}: {faults[question.name]!r}"
            match question.kind:
                case "select_one":
                    complete[question.name] = standing.offered(question)[0].name
                case "select_multiple" | "rank":
                    complete[question.name] = [standing.offered(question)[0].name]
                case "integer":
                    complete[question.name] = 2025
                case _:
                    complete[question.name] = "kim@example.org" if question.name == "contact_email" else "말"
        return complete

    def submit_new(self, answers: Answers) -> tuple[Draft, Submission]:
        """A whole return with these answers, from its first page to its receipt."""
        complete = self.complete({**CONSENT, **answers})
        submitted = self.submit(self.fill(self.start(complete), complete))
        return self.find(), submitted

    @property
    def database_url(self) -> str:
        return self.database.engine.url.render_as_string(hide_password=False)

    def read_stored(self) -> bytes:
        """Every byte that SQLite has on the disk; of PostgreSQL, whose files are its own affair, every value."""
        if self.database.engine.dialect.name == "sqlite":
            path = Path(str(self.database.engine.url.database))
            return b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))
        with self.database.read() as connection:
            values = [
                value for table in metadata.sorted_tables for row in connection.execute(select(table)) for value in row
            ]
        return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)

    def checkpoint(self) -> None:
        """Empty SQLite's write-ahead log into the database's file."""
        if self.database.engine.dialect.name != "sqlite":
            return
        with self.database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert not busy

    def load_confidential_rows(self) -> Sequence[Row[Any]]:
        with self.database.read() as connection:
            return connection.execute(select(confidential).order_by(confidential.c.link)).all()

    def load_response(self, number: int = 1) -> Row[Any]:
        with self.database.read() as connection:
            return connection.execute(select(response).where(response.c.number == number)).one()

    def count_rows(self) -> dict[str, int]:
        """Rows in the tables of returns."""
        with self.database.read() as connection:
            return {
                table.name: len(connection.execute(select(table)).all())
                for table in (draft, response, refusal, confidential)
            }


def make_fieldwork_day(
    database: Database, vault: Vault, questionnaire: Questionnaire, *, open_link: bool = True
) -> FieldworkDay:
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, OPENS)
        round_ = open_round(
            connection,
            questionnaire,
            slug="2026",
            kind="real",
            title=TITLE,
            operator_texts=dict.fromkeys(questionnaire.placeholders, WORDS),
            opens_at=OPENS,
            closes_at=CLOSES,
            open_link=open_link,
            counts_companies=False,
            now=OPENS - timedelta(days=7),
        )
    return FieldworkDay(database, vault, questionnaire, round_)
