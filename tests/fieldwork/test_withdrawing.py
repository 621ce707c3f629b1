from __future__ import annotations

import random
from datetime import timedelta

from sqlalchemy import select

from surveyapp.records.audit import RESPONDENT, list_audit
from surveyapp.records.change_feed import find_latest_revision, stream_changes
from surveyapp.records.tables import draft as draft_table
from surveyapp.records.tables import metadata, response
from tests.fieldwork.fieldwork_days import CLOSES, CONSENT, NOW, FieldworkDay
from tests.fieldwork.test_submitting import AREAS, CONTACT


def test_a_withdrawn_response_keeps_number_receipt_state_and_times_alone(day: FieldworkDay) -> None:
    found, submitted = day.submit_new({**AREAS, **CONTACT})
    day.now = NOW + timedelta(days=2)
    gone = day.withdraw(found)
    assert (gone.state, dict(gone.answers), gone.withdrawn_at) == ("withdrawn", {}, day.now)
    assert gone == day.find()
    row = day.load_response()
    assert {name: value for name, value in row._mapping.items() if value not in (None, {})} == {
        "survey_id": day.round.survey_id,
        "number": submitted.number,
        "receipt": submitted.receipt,
        "submit_key": found.submit_key,
        "revision": 2,
        "state": "withdrawn",
        "round_id": 1,
        "questionnaire_version": day.questionnaire.version,
        "mode": "web",
        "language": "ko",
        "started_at": NOW,
        "submitted_at": NOW,
        "withdrawn_at": day.now,
    }
    assert day.count_rows()["confidential"] == 0


def test_a_withdrawal_is_in_the_feed_and_in_the_audit_trail(day: FieldworkDay) -> None:
    found, submitted = day.submit_new(AREAS)
    day.withdraw(found)
    with day.database.read() as reader:
        changes = stream_changes(reader, day.round.survey_id, 1, [response.c.number, response.c.state])
        assert [tuple(row) for batch in changes for row in batch] == [(submitted.number, "withdrawn")]
        event = list_audit(reader)[0]
    assert (event.actor, event.action, event.at) == (RESPONDENT, "return.withdrawn", day.now)
    assert event.details == {"number": submitted.number}


def test_withdrawing_twice_is_withdrawing_once(day: FieldworkDay) -> None:
    found, _ = day.submit_new(AREAS)
    first = day.withdraw(found)
    day.now = NOW + timedelta(days=1)
    assert day.withdraw(found) == first
    with day.database.read() as reader:
        assert find_latest_revision(reader, day.round.survey_id) == 2
        assert len(list_audit(reader, action="return.withdrawn")) == 1


def test_an_unfinished_return_can_be_withdrawn(day: FieldworkDay) -> None:
    begun = day.start({**CONSENT, "attribution_level": "named"})
    day.save(begun, "sec_profile", {"company_name": "한빛", "respondent_role_other": "x"})
    day.withdraw(begun)
    assert day.find().state == "withdrawn"
    assert day.count_rows() == {"draft": 1, "response": 0, "refusal": 0, "confidential": 0}
    with day.database.read() as reader:
        assert find_latest_revision(reader, day.round.survey_id) == 0
        assert list_audit(reader)[0].details == {"number": None}


def test_a_return_can_be_withdrawn_after_the_round(day: FieldworkDay) -> None:
    found, _ = day.submit_new(AREAS)
    day.now = CLOSES + timedelta(days=300)
    day.withdraw(found)
    assert day.load_response().state == "withdrawn"


def test_one_withdrawal_leaves_every_other_return_alone(day: FieldworkDay) -> None:
    gone, _ = day.submit_new({**AREAS, **CONTACT})
    day.submit_new({**AREAS, **CONTACT})
    token = day.tokens[-1]
    before = day.find(token), day.load_response(2)
    day.withdraw(gone)
    assert (day.find(token), day.load_response(2)) == before
    assert day.count_rows()["confidential"] == 4


def test_no_trace_of_a_withdrawn_return_is_left_in_the_files(day: FieldworkDay) -> None:
    """Many returns of very different lengths, edited again and again so that rows move between pages."""
    chance = random.Random(20261122)
    drafts = []
    for number in range(24):
        canary = f"카나리아canary{number:02}"
        texts = {name: f"{canary} " * chance.choice([1, 12, 60, 110]) for name in ("ft_case", "ft_ask_ministry")}
        drafts.append((canary, day.submit_new({**AREAS, **CONTACT, **texts})[0]))
    for _ in range(40):
        canary, draft = chance.choice(drafts)
        page = day.questionnaire.page_of["ft_case"].name
        day.save(draft, page, {"ft_case": f"{canary} " * chance.choice([1, 30, 110])})
        day.submit(draft)
    assert all(canary.encode() in day.read_stored() for canary, _ in drafts)
    chance.shuffle(drafts)
    for place, (_, draft) in enumerate(drafts):
        day.withdraw(draft)
        held = day.read_stored()
        gone = {canary for canary, _ in drafts[: place + 1]}
        assert {canary for canary in gone if canary.encode() in held} == set()
        assert all(canary.encode() in held for canary, _ in drafts[place + 1 :])


def test_nothing_refers_to_a_withdrawn_return_any_more(day: FieldworkDay) -> None:
    """Whatever tables come later: none of them may keep a word of it."""
    found, _ = day.submit_new({**AREAS, **CONTACT, "ft_case": "카나리아"})
    day.withdraw(found)
    with day.database.read() as reader:
        for table in metadata.sorted_tables:
            for row in reader.execute(select(table)):
                assert table.name == "questionnaire_version" or "카나리아" not in str(tuple(row)), table.name
        kept = reader.execute(select(draft_table)).one()
    assert (kept.answers, kept.texts, kept.submitted_saves) == ({}, {}, None)
