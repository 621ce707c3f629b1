"""What names a company or reaches a person is in clear nowhere in the database: not in a column, not in the files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from surveyapp.questionnaire.model import Question, Questionnaire, Stored
from surveyapp.records.confidential import load_confidential, reseal_all
from surveyapp.records.encryption import Vault, VaultFault
from surveyapp.records.tables import metadata
from tests.fieldwork.fieldwork_days import CONSENT, FieldworkDay
from tests.fieldwork.test_submitting import AREAS

# A canary for each question of the two compartments that takes a text; the others are choices.
SHAPES = {"contact_email": "canary.{number}@example.org", "contact_phone": "02-7{number}31-9{number}57"}
SHAPE = "카나리아-canary-{number}"
OPENING: dict[str, Stored] = {
    **CONSENT,
    **AREAS,
    "attribution_level": "named",
    "company_type": "other",
    "followup": "yes",
    "consent_contact": "agree",
    "consent_third_party": "agree",
}


def _list_confidential(questionnaire: Questionnaire) -> list[Question]:
    return [question for question in questionnaire.questions_in("identity", "contact") if question.kind == "text"]


def _make_canaries(questionnaire: Questionnaire, generation: int) -> dict[str, str]:
    return {
        question.name: SHAPES.get(question.name, SHAPE).format(number=generation * 10 + place)
        for place, question in enumerate(_list_confidential(questionnaire), start=1)
    }


def _read_cells(day: FieldworkDay) -> Iterator[tuple[str, bytes]]:
    with day.database.read() as reader:
        for table in metadata.sorted_tables:
            if table.name == "questionnaire_version":  # the questions themselves
                continue
            for row in reader.execute(select(table)).mappings():
                for column, value in row.items():
                    yield f"{table.name}.{column}", value if isinstance(value, bytes) else str(value).encode()


def _spell(canary: str) -> list[bytes]:
    """The ways in which a text might be written: UTF-8, UTF-16, and with JSON's escapes."""
    return [canary.encode(), canary.encode("utf-16-le"), canary.encode("unicode_escape")]


def _assert_hidden(day: FieldworkDay, canaries: dict[str, str]) -> None:
    cells = list(_read_cells(day))
    day.checkpoint()
    files = day.read_stored()
    for name, canary in canaries.items():
        for spelling in _spell(canary):
            assert [place for place, value in cells if spelling in value] == [], name
            assert spelling not in files, name


def test_the_questionnaire_has_such_questions(questionnaire: Questionnaire) -> None:
    assert {question.name for question in _list_confidential(questionnaire)} == {
        "company_name",
        "company_type_other",
        "contact_name",
        "contact_email",
        "contact_phone",
    }


def test_canaries_are_in_clear_nowhere_on_their_whole_way(day: FieldworkDay) -> None:
    planted = _make_canaries(day.questionnaire, 1)
    complete = day.complete({**OPENING, **planted})
    begun = day.fill(day.start(complete), complete)
    assert {name: begun.answers[name] for name in planted} == planted  # they are there, for who holds the link
    assert day.find().answers == begun.answers
    _assert_hidden(day, planted)
    day.submit(begun)
    _assert_hidden(day, planted)

    edited = _make_canaries(day.questionnaire, 2)
    day.fill(day.find(), edited)
    _assert_hidden(day, planted | {f"edited {name}": canary for name, canary in edited.items()})
    day.submit(day.find())
    assert {name: day.find().answers[name] for name in edited} == edited
    _assert_hidden(day, planted | {f"edited {name}": canary for name, canary in edited.items()})

    row = day.load_response()
    assert not (set(row.answers) | set(row.texts)) & {
        question.name for question in day.questionnaire.questions_in("identity", "contact")
    }
    day.withdraw(day.find())
    _assert_hidden(day, planted | {f"edited {name}": canary for name, canary in edited.items()})


def test_a_free_text_is_found_by_the_same_search(day: FieldworkDay) -> None:
    """The search finds what is in clear, or the test above would prove nothing."""
    day.submit_new({**AREAS, "ft_case": "카나리아-canary-99"})
    with pytest.raises(AssertionError, match="ft_case"):
        _assert_hidden(day, {"ft_case": "카나리아-canary-99"})


def test_rotated_keys_open_every_return_and_the_old_key_none(day: FieldworkDay) -> None:
    planted = _make_canaries(day.questionnaire, 1)
    day.submit_new({**OPENING, **planted})
    old = day.vault
    day.vault = Vault({"k2": b"3" * 32, "k1": b"1" * 32}, b"2" * 32)
    with day.database.write() as connection:
        assert reseal_all(connection, day.vault) == 4
    _assert_hidden(day, planted)
    day.vault = Vault({"k2": b"3" * 32}, b"2" * 32)
    assert {name: day.find().answers[name] for name in planted} == planted
    day.save(day.find(), "sec_profile", {"company_name": "새 이름"})
    day.submit(day.find())
    row = day.load_response()
    with day.database.read() as reader, pytest.raises(VaultFault):
        load_confidential(reader, old, day.round.survey_id, [row.identity_link])
    day.vault = old
    with pytest.raises(VaultFault, match="'k2' is missing"):
        day.find()
