"""Texts of de-identified files: what is known to name a company is taken out, and what can no longer be stays away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from surveyapp.analysis.deidentification import Deidentification
from surveyapp.analysis.file_memory import FileGround, release_file
from surveyapp.analysis.redaction import MARK, Redactor
from surveyapp.fieldwork.directory.known_names import list_known_names
from surveyapp.fieldwork.erasing import count_erased, erase_batch
from surveyapp.fieldwork.retention import RetentionKind
from surveyapp.fieldwork.return_stream import stream_returns
from surveyapp.fieldwork.rounds import find_round
from surveyapp.questionnaire.model import Stored
from surveyapp.records.confidential import ConfidentialCompartment, write_confidential
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import company, response
from surveyapp.reports.exports.columns import Missing
from surveyapp.reports.exports.deidentified import build_deidentified_table
from surveyapp.reports.exports.methods import list_deidentification
from surveyapp.reports.exports.row_layout import Cell
from surveyapp.reports.words import Words
from tests.analysis.returns import NOW, Field

QUESTION = "ft_ask_ministry"
NAME, PERSON = "하늘약품", "김하늘봄"
TEXT = f"{NAME}의 {PERSON}에게 문의해 주십시오. agree"


@dataclass
class TextDesk:
    """A round of twelve companies that are alike; one gave its name and whom to reach, and wrote both in a text."""

    field: Field
    vault: Vault
    round_id: int

    def keep(self, number: int, compartment: ConfidentialCompartment, answers: Mapping[str, Stored]) -> None:
        with self.field.database.write() as connection:
            link = write_confidential(
                connection,
                self.vault,
                survey_id=self.field.survey_id,
                link=None,
                compartment=compartment,
                answers=answers,
                lookup_value=None,
                now=NOW,
            )
            of_return = update(response).where(response.c.number == number)
            connection.execute(of_return.values({f"{compartment}_link": link}))

    def erase(self, kind: RetentionKind) -> None:
        self.field.clock += timedelta(days=400)
        with self.field.database.write() as connection:
            survey_round = find_round(connection, self.field.survey_id, "2026")
            assert erase_batch(connection, survey_round, kind, now=self.field.clock, actor="retention") == 1

    def release(self) -> tuple[Deidentification, set[Cell]]:
        """What is decided, and the different cells of the question."""
        self.field.clock += timedelta(minutes=1)
        index, survey_id = self.field.refresh(), self.field.survey_id
        with self.field.database.read() as connection:
            survey_round = find_round(connection, survey_id, "2026")
            ground = FileGround(connection, survey_round, self.field.questionnaire, index)
            decided = release_file(self.field.database, ground, actor="ana@example.com", now=self.field.clock)
            table = build_deidentified_table(
                lambda: stream_returns(connection, survey_id, self.round_id, vault=self.vault, with_contact=True),
                self.field.questionnaire,
                survey_round,
                decided,
                Redactor(list_known_names(connection, survey_id)),
            )
            place = [column.name for column in table.columns].index(QUESTION)
            return decided, {row[place] for row in table.read_rows()}


@pytest.fixture
def desk(field: Field, vault: Vault) -> TextDesk:
    desk = TextDesk(field, vault, field.add_round())
    numbers = [desk.field.add(desk.round_id, {QUESTION: TEXT} if place == 0 else {}) for place in range(12)]
    desk.keep(numbers[0], "identity", {"company_name": NAME})
    desk.keep(numbers[0], "contact", {"consent_contact": "agree", "contact_name": PERSON})
    return desk


def test_its_own_name_and_the_person_to_reach_are_taken_out(desk: TextDesk) -> None:
    _, cells = desk.release()
    assert cells == {Missing.NOT_ANSWERED, f"{MARK}의 {MARK}에게 문의해 주십시오. agree"}


@pytest.mark.parametrize("kind", ["identity", "contacts"])
def test_texts_are_withheld_once_the_names_in_them_are_no_longer_known(desk: TextDesk, kind: RetentionKind) -> None:
    first, _ = desk.release()
    desk.erase(kind)
    second, cells = desk.release()
    assert cells == {Missing.NOT_ANSWERED, Missing.WITHHELD}
    told = [dict(list_deidentification(Words("en"), desk.field.questionnaire, each)) for each in (first, second)]
    assert "Free texts" not in told[0] and told[1]["Free texts"].startswith("withheld: names or contacts")
    assert second.released == first.released and not second.is_again, "its texts are others"
    assert desk.release()[0].is_again


def test_a_file_without_the_texts_is_not_the_same_again(desk: TextDesk) -> None:
    desk.release()
    desk.erase("texts")
    decided, cells = desk.release()
    assert cells == {Missing.NOT_ANSWERED} and not decided.is_again and not decided.withholds_texts


def test_a_file_with_another_name_taken_out_is_not_the_same_again(desk: TextDesk) -> None:
    desk.release()
    with desk.field.database.write() as connection:
        connection.execute(
            insert(company).values(
                survey_id=desk.field.survey_id,
                company_id=7,
                name={"ko": "문의"},
                membership="unknown",
                search_words="",
                is_sample=False,
                created_at=NOW,
                changed_at=NOW,
            )
        )
    decided, cells = desk.release()
    assert f"{MARK}의 {MARK}에게 {MARK}해 주십시오. agree" in cells and not decided.is_again


def test_what_was_erased_is_counted_by_kind(desk: TextDesk) -> None:
    desk.erase("identity")
    desk.erase("texts")
    with desk.field.database.read() as connection:
        survey_round = find_round(connection, desk.field.survey_id, "2026")
        assert count_erased(connection, survey_round) == {"identity": 1, "texts": 1}
