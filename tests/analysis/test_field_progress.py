"""The field: each way that a company can go, and the rates that follow, against what is counted by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from surveyapp.analysis.field_progress import count_by_day, count_by_segment, count_steps, measure_field
from surveyapp.analysis.field_records import UNKNOWN, Disposition, FieldRecord, Step, load_field_records
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Text
from surveyapp.records.database import Database, open_database
from surveyapp.records.tables import (
    company_merge,
    invitation,
    invitation_token,
    mail_message,
    refusal,
    response,
)
from surveyapp.records.tables import draft as draft_table
from tests.database_kinds import run_on_both
from tests.records.databases import NOW, ROWS, SURVEY, count_statements, insert_row

__all__ = ["run_on_both"]

DAY = timedelta(days=1)
ROUND = Round(
    survey_id=SURVEY,
    round_id=1,
    slug="2026",
    kind="real",
    questionnaire_version="1",
    title=Text("가", "a", "あ"),
    operator_texts={},
    opens_at=NOW,
    closes_at=NOW + 30 * DAY,
    open_link=True,
    counts_companies=True,
    scheduled_at=NOW,
)


def make_record(**known: Any) -> FieldRecord:
    fields: dict[str, Any] = {
        "company_id": 1,
        "size": "e50_299",
        "main_business": "bio",
        "membership": "member",
        "invited_at": NOW,
        "revoked_at": None,
        "has_link": False,
        "delivered_at": None,
        "bounced_at": None,
        "opened_at": None,
        "begun_at": None,
        "submitted_at": None,
        "refused_at": None,
        "withdrawn_at": None,
    }
    return FieldRecord(**{**fields, **known})


WAYS: dict[str, tuple[dict[str, Any], Disposition]] = {
    "no link yet": ({}, Disposition.NOT_SENT),
    "silent": ({"has_link": True, "delivered_at": NOW}, Disposition.NOTHING_RETURNED),
    "came back": ({"has_link": True, "bounced_at": NOW}, Disposition.UNDELIVERED),
    "one of two came back": (
        {"has_link": True, "bounced_at": NOW, "delivered_at": NOW},
        Disposition.NOTHING_RETURNED,
    ),
    "looked": ({"has_link": True, "opened_at": NOW}, Disposition.IMPLICIT_REFUSAL),
    "began": ({"has_link": True, "opened_at": NOW, "begun_at": NOW}, Disposition.BREAK_OFF),
    "submitted": ({"begun_at": NOW, "submitted_at": NOW}, Disposition.COMPLETE),
    "said no": ({"opened_at": NOW, "refused_at": NOW}, Disposition.REFUSAL),
    "withdrew": ({"begun_at": NOW, "submitted_at": NOW, "withdrawn_at": NOW}, Disposition.REFUSAL),
    "changed its mind": ({"refused_at": NOW, "begun_at": NOW, "submitted_at": NOW}, Disposition.COMPLETE),
    "taken back": ({"revoked_at": NOW}, Disposition.NOT_IN_SAMPLE),
    "submitted, then taken back": ({"submitted_at": NOW, "revoked_at": NOW}, Disposition.COMPLETE),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_has_its_disposition(way: str) -> None:
    known, expected = WAYS[way]
    assert make_record(**known).disposition is expected


def test_rates_are_those_of_the_standard() -> None:
    records = [make_record(**known) for known, _ in WAYS.values()]
    counts = count_steps(records)
    rates = counts.rates
    # I = 3; R = said no, withdrew, looked, began; UO = no link yet, two silent, came back; one not in the sample.
    assert (rates.minimum.count, rates.minimum.base) == (3, 11)
    assert (rates.maximum.count, rates.maximum.base) == (3, 7)
    assert (rates.refusal.count, rates.refusal.base) == (4, 11)
    assert counts.count(Step.BOUNCED) == 1 and counts.count(Step.INVITED) == len(records)


@given(st.lists(st.sampled_from(sorted(WAYS)), max_size=40))
def test_each_company_has_one_disposition_and_groups_add_up(ways: list[str]) -> None:
    records = [
        make_record(company_id=place, size=("e1_49", "e50_299", UNKNOWN)[place % 3], **WAYS[way][0])
        for place, way in enumerate(ways)
    ]
    counts = count_steps(records)
    assert sum(count for _, count in counts.dispositions) == len(ways)
    assert counts.rates.minimum.count <= counts.rates.maximum.base <= counts.rates.minimum.base
    groups = count_by_segment(records, Counter({"e1000p": 2}), "size")
    assert sum(group.counts.invited for group in groups) == len(ways)
    for step in Step:
        assert sum(group.counts.count(step) for group in groups) == counts.count(step)


def test_days_grow_and_end_a_week_after_the_round() -> None:
    records = [
        make_record(),
        make_record(company_id=2, invited_at=NOW + DAY, begun_at=NOW + 2 * DAY, submitted_at=NOW + 3 * DAY),
    ]
    days = count_by_day(records, ROUND, NOW + 400 * DAY)
    assert days[0].day == date(2026, 11, 2) and days[-1].day == (ROUND.closes_at + 7 * DAY).date()
    assert [dict(day.reached)[Step.INVITED] for day in days[:3]] == [1, 2, 2]
    assert [dict(day.reached)[Step.SUBMITTED] for day in days[:4]] == [0, 0, 0, 1]
    assert [dict(day.reached)[Step.OPENED] for day in days[:3]] == [0, 0, 1], "whoever begins has opened"


def test_a_day_begins_in_seoul() -> None:
    late = datetime(2026, 11, 1, 15, 30, tzinfo=UTC)  # half past midnight of the second
    assert count_by_day([make_record(invited_at=late)], ROUND, late)[0].day == date(2026, 11, 2)


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    database = open_database(migrated_url, wait_seconds=5)
    with database.write() as connection:
        for table in ("survey", "questionnaire_version", "round"):
            insert_row(connection, table)
    yield database
    database.close()


@pytest.fixture
def add(database: Database) -> Callable[..., None]:
    """`add(number, way="submitted")` is a company of the directory that was invited and went that way."""

    def add_company(number: int, way: str = "", *, size: str | None = "e50_299") -> None:
        key = f"{number:032}"
        with database.write() as connection:
            insert_row(connection, "company", company_id=number, business_number=None, size=size)
            if not way:
                return
            draft_id = None
            if way in ("begun", "submitted", "withdrawn"):
                gone: dict[str, Any] = {"answers": {}, "texts": {}} if way == "withdrawn" else {}
                numbers = {"number": number, "revision": number, "submit_key": key, "receipt": f"{number}"}
                times: dict[str, Any] = {"submitted_at": NOW + DAY}
                if way == "withdrawn":
                    times |= {"state": "withdrawn", "withdrawn_at": NOW + 2 * DAY}
                if way != "begun":
                    connection.execute(insert(response).values({**ROWS["response"], **numbers, **times, **gone}))
                state = {"begun": "open", "submitted": "submitted", "withdrawn": "withdrawn"}[way]
                draft_id = key
                row = {
                    **ROWS["draft"],
                    "draft_id": key,
                    "token_hash": number.to_bytes(32),
                    "submit_key": key,
                    "state": state,
                    "response_number": None if way == "begun" else number,
                    "submitted_saves": 3 if way == "submitted" else None,
                    "withdrawn_at": NOW + 2 * DAY if way == "withdrawn" else None,
                    **gone,
                }
                connection.execute(insert(draft_table).values(row))
            made = {
                **ROWS["invitation"],
                "invitation_id": key,
                "company_id": number,
                "draft_id": draft_id,
                "refused_at": NOW + DAY if way == "refused" else None,
            }
            connection.execute(insert(invitation).values(made))

    return add_company


def test_what_is_stored_is_counted(database: Database, add: Callable[..., None]) -> None:
    for number, way in enumerate(("submitted", "submitted", "begun", "withdrawn", "refused", "invited"), start=1):
        add(number, way, size="e1_49" if number % 2 else None)
    add(7)
    add(8)
    with database.write() as connection:
        connection.execute(insert(company_merge).values({**ROWS["company_merge"], "kept_id": 7, "merged_id": 8}))
        for number, channel, mailed in ((6, "mail", "bounced"), (5, "letter", None), (3, "mail", "sent")):
            key = f"{number:032}"
            token = {
                **ROWS["invitation_token"],
                "token_hash": number.to_bytes(32),
                "invitation_id": key,
                "contact_id": None,
                "mailing_id": None,
                "channel": channel,
            }
            connection.execute(insert(invitation_token).values(token))
            if mailed:
                sent = {
                    **ROWS["mail_message"],
                    "message_id": key,
                    "invitation_id": key,
                    "contact_id": None,
                    "mailing_id": None,
                    "state": mailed,
                    "bounced_at": NOW if mailed == "bounced" else None,
                }
                connection.execute(insert(mail_message).values(sent))
        for refusal_id in ("of the invited", "through the open link"):
            connection.execute(insert(refusal).values({**ROWS["refusal"], "refusal_id": refusal_id}))
        lone = {"number": 90, "revision": 90, "submit_key": "lone", "receipt": "lone", "submitted_at": NOW}
        connection.execute(insert(response).values({**ROWS["response"], **lone}))
        alone = {"draft_id": "lone", "token_hash": b"l" * 32, "submit_key": "lone", "response_number": 90}
        connection.execute(insert(draft_table).values({**ROWS["draft"], **alone}))
    with database.read() as connection:
        progress = measure_field(connection, ROUND, NOW + 5 * DAY)
    assert dict(progress.total.dispositions) == {
        Disposition.COMPLETE: 2,
        Disposition.REFUSAL: 2,
        Disposition.IMPLICIT_REFUSAL: 0,
        Disposition.BREAK_OFF: 1,
        Disposition.NOT_SENT: 0,
        Disposition.NOTHING_RETURNED: 0,
        Disposition.UNDELIVERED: 1,
        Disposition.NOT_IN_SAMPLE: 0,
    }
    assert progress.total.count(Step.DELIVERED) == 2
    assert (len(progress.open_link_returns), progress.open_link_refusals) == (1, 1)
    by_size = dict(progress.by_segment)["size"]
    assert [(group.value, group.in_directory, group.counts.invited) for group in by_size] == [
        ("e1_49", 3, 3),
        ("e50_299", 1, 0),
        (UNKNOWN, 3, 3),
    ]


def test_the_number_of_statements_does_not_grow(database: Database, add: Callable[..., None]) -> None:
    counted = []
    for number in (1, 40):
        for each in range(number, number + (1 if number == 1 else 20)):
            add(each, "invited")
        with count_statements(database) as seen, database.read() as connection:
            measure_field(connection, ROUND, NOW + DAY)
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 5


def test_a_round_without_invitations_is_empty(database: Database) -> None:
    with database.read() as connection:
        assert load_field_records(connection, ROUND) == ()
        progress = measure_field(connection, ROUND, NOW)
    assert progress.total.invited == 0 and progress.days == ()
    assert progress.total.rates.minimum.value is None
