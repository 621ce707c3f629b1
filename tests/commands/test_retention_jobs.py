"""What is past its date is erased for real: canaries everywhere, the job that a worker runs, and then no trace."""

from __future__ import annotations

import io
import logging
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from surveyapp.analysis.counts import count_question
from surveyapp.analysis.masks import build_mask
from surveyapp.analysis.open_indexes import forget_index, open_index, save_index
from surveyapp.commands.installation import Installation
from surveyapp.commands.jobs import KINDS, JobRunner
from surveyapp.commands.schedule import add_scheduled_jobs, each_night_where_due
from surveyapp.fieldwork import erasing
from surveyapp.fieldwork.access_requests import AccessReader, gather_company
from surveyapp.fieldwork.directory.columns import Membership
from surveyapp.fieldwork.directory.companies import add_company
from surveyapp.fieldwork.directory.contacts import ContactFields, add_contact, list_contacts
from surveyapp.fieldwork.drafts import Draft
from surveyapp.fieldwork.erasing import count_kept
from surveyapp.fieldwork.invitations.inviting import invite
from surveyapp.fieldwork.invitations.links import issue_token
from surveyapp.fieldwork.invitations.listing import list_invitations
from surveyapp.fieldwork.invitations.starting import start_invited_return
from surveyapp.fieldwork.part_links import list_handable, make_part_link
from surveyapp.fieldwork.retention import (
    PURGE,
    RETENTION_KINDS,
    RetentionWrong,
    change_retention,
    list_due,
    suggest_dates,
)
from surveyapp.fieldwork.rounds import find_round_by_id
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.records.audit import list_audit
from surveyapp.records.confidential import load_confidential, write_new_rows
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.job_queue import Json, add_job, find_job, list_jobs
from surveyapp.records.tables import (
    confidential,
    draft,
    figure_note,
    invitation_token,
    job,
    mail_message,
    metadata,
    response,
    round_table,
)
from surveyapp.reports.exports.making import Source, make_export, open_ground
from surveyapp.reports.exports.request import ExportRequest
from surveyapp.settings import Settings
from tests.database_kinds import run_on_both
from tests.fieldwork.fieldwork_days import CONSENT, FieldworkDay, make_fieldwork_day
from tests.fieldwork.test_submitting import AREAS, CONTACT

__all__ = ["run_on_both"]

CANARY = "카나리아canary"
ACTOR = "admin@example.org"
NOW = datetime.now(UTC)


@pytest.fixture
def day(database: Database, vault: Vault, questionnaire: Questionnaire) -> FieldworkDay:
    """A round that is open while the canaries are planted; `close` ends it."""
    day = make_fieldwork_day(database, vault, questionnaire)
    opens, closes = NOW - timedelta(days=90), NOW + timedelta(days=1)
    set_times(day, opens, closes)
    day.now = NOW - timedelta(days=80)
    return day


@pytest.fixture
def installation(settings: Settings, database_url: str, database: Database, vault: Vault) -> Installation:
    return Installation(replace(settings, database_url=database_url), database, vault)


def set_times(day: FieldworkDay, opens: datetime, closes: datetime) -> None:
    with day.database.write() as connection:
        connection.execute(update(round_table).values(opens_at=opens, closes_at=closes))
        day.round = find_round_by_id(connection, day.round.survey_id, day.round.round_id)


def end_retention(day: FieldworkDay, *kinds: str) -> None:
    """The round closed long ago, and these kinds were to be kept until some days before today."""
    set_times(day, NOW - timedelta(days=90), NOW - timedelta(days=60))
    day.now = NOW
    dates = {kind: (NOW - timedelta(days=9)).date() for kind in RETENTION_KINDS if kind in kinds}
    with day.database.write() as connection:
        day.round = change_retention(connection, day.round, dates, seen=day.round.edition, actor=ACTOR, now=NOW)


def purge(day: FieldworkDay, installation: Installation) -> dict[str, object]:
    runner = JobRunner(installation, "worker", KINDS, 1.0, threading.Event())
    with day.database.write() as connection:
        arguments: dict[str, Json] = {"survey_id": day.round.survey_id, "round_id": day.round.round_id}
        job_id = add_job(
            connection, kind=PURGE, arguments=arguments, actor=ACTOR, now=NOW, survey_id=day.round.survey_id
        )
    assert runner.run(job_id)
    with day.database.read() as connection:
        done = find_job(connection, job_id)
    assert done.state == "done", done
    return dict(done.result)


def plant(day: FieldworkDay) -> Draft:
    """Canaries in drafts, texts, identity, contacts, labels of links, directory, mails, jobs and notes."""
    survey_id = day.round.survey_id
    full = {**AREAS, **CONTACT, "attribution_level": "named", "company_name": f"{CANARY} name", "ft_case": CANARY}
    submitted, _ = day.submit_new({**full, "contact_name": CANARY, "contact_email": "canary@example.org"})
    with day.database.write() as connection:
        company = add_company(
            connection, survey_id, name=Text("가람", "Garam", ""), is_sample=False, now=day.now, membership="none"
        )
        contact = add_contact(
            connection,
            day.vault,
            survey_id,
            company.company_id,
            ContactFields(CANARY, "canary@example.com", "02", CANARY),
            now=day.now,
        )
        invite(connection, day.round, [company.company_id], now=day.now, actor=ACTOR)
        invitation = list_invitations(connection, day.round)[0].invitation
        token = issue_token(connection, invitation, channel="mail", now=day.now, contact_id=contact.contact_id)
        begun = start_invited_return(
            connection,
            day.vault,
            day.round,
            day.questionnaire,
            token=token,
            answers=CONSENT,
            language="ko",
            now=day.now,
        )
        section = list_handable(day.questionnaire)[0][0].name
        for of_draft, name in ((submitted, "t" * 32), (begun, "u" * 32)):
            make_part_link(
                connection,
                day.vault,
                of_draft,
                day.questionnaire,
                token=name,
                sections=[section],
                label=CANARY,
                now=day.now,
            )
        (address,) = write_new_rows(
            connection, day.vault, survey_id, "address", [({"email": f"{CANARY}@example.org"}, None)], day.now
        )
        mail = {
            "survey_id": survey_id,
            "round_id": day.round.round_id,
            "language": "ko",
            "state": "sent",
            "attempts": 1,
            "queued_at": day.now,
            "sent_at": day.now,
        }
        connection.execute(
            insert(mail_message),
            [
                {**mail, "message_id": "m1", "kind": "receipt", "address_link": address, "contact_id": None},
                {**mail, "message_id": "m2", "kind": "invitation", "address_link": None}
                | {"contact_id": contact.contact_id},
            ],
        )
        job_id = add_job(
            connection,
            kind="mail.send_message",
            arguments={"survey_id": survey_id, "message_id": "m1", "mark": CANARY},
            actor=ACTOR,
            now=day.now,
            survey_id=survey_id,
        )
        connection.execute(
            update(job).where(job.c.job_id == job_id).values(state="done", finished_at=day.now, result={"x": CANARY})
        )
        connection.execute(
            insert(figure_note).values(
                survey_id=survey_id,
                note_id="n",
                round_id=day.round.round_id,
                figure="issues",
                words=CANARY,
                author=ACTOR,
                written_at=day.now,
            )
        )
    day.save(begun, day.questionnaire.page_of["ft_case"].name, {"ft_case": f"{CANARY} draft"})
    return submitted


def list_places(day: FieldworkDay) -> set[str]:
    """Where a canary can be read: cells of tables, and sealed rows for whoever has the keys."""
    found = set()
    with day.database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                found |= {f"{table.name}.{name}" for name, value in row.items() if CANARY in str(value)}
        links = connection.scalars(select(confidential.c.link)).all()
        for link, content in load_confidential(connection, day.vault, day.round.survey_id, links).items():
            compartment = connection.scalar(select(confidential.c.compartment).where(confidential.c.link == link))
            if "canary" in str(content):
                found.add(f"confidential/{compartment}")
    return found


def test_no_canary_is_left_anywhere(
    day: FieldworkDay, installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    submitted = plant(day)
    save_index(day.database, day.round.survey_id, snapshots=installation.settings.instance)
    assert list_places(day) == {
        "draft.texts",
        "response.texts",
        "figure_note.words",
        "job.arguments",
        "job.result",
        "confidential/identity",
        "confidential/contact",
        "confidential/label",
        "confidential/directory",
        "confidential/address",
    }
    end_retention(day, *RETENTION_KINDS)
    with day.database.read() as connection:
        expected = {kind: count_kept(connection, day.round, kind, NOW) for kind in RETENTION_KINDS}
    assert expected == {"drafts": 1, "contacts": 3, "identity": 1, "texts": 3, "mail": 4, "directory": 1}
    erased = purge(day, installation)
    # The draft took its text and its label with it before their turn came.
    assert erased == {**expected, "contacts": 2, "texts": 2}
    assert list_places(day) == set()
    assert day.load_confidential_rows() == []
    assert CANARY.encode() not in day.read_stored()
    for file in installation.settings.instance.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file
    assert CANARY not in caplog.text and "canary@" not in caplog.text
    with day.database.read() as connection:
        left = connection.execute(select(draft)).all()
        assert [row.draft_id for row in left] == [submitted.draft_id], "what was not submitted is gone altogether"
        assert connection.execute(select(mail_message.c.state, mail_message.c.contact_id)).all() == [("sent", None)] * 2
        assert connection.scalars(select(invitation_token.c.contact_id)).all() == [None]
        assert list_contacts(connection, day.vault, day.round.survey_id, [1]) == {}
    assert purge(day, installation) == {}


def test_answers_counts_and_the_trail_stay(day: FieldworkDay, installation: Installation) -> None:
    plant(day)
    for _ in range(3):
        day.submit_new({**AREAS, "ft_case": CANARY})
    before, revision = count_areas(day, installation), day.load_response().revision
    answers = day.load_response().answers
    end_retention(day, *RETENTION_KINDS)
    purge(day, installation)
    row = day.load_response()
    assert (row.state, row.answers, row.texts, row.identity_link) == ("submitted", answers, {}, None)
    assert row.revision > revision, "or an index that somebody holds would not follow"
    assert count_areas(day, installation) == before
    forget_index(day.database, day.round.survey_id)
    assert count_areas(day, installation) == before
    with day.database.read() as connection:
        trail = list_audit(connection, action="retention.purged")
        assert {event.details["data"]: event.details["erased"] for event in trail} == {
            "drafts": 1,
            "contacts": 5,
            "identity": 1,
            "texts": 5,
            "mail": 4,
            "directory": 1,
        }
        assert {event.actor for event in trail} == {ACTOR}
        assert len(connection.execute(select(response)).all()) == 4


def test_whose_return_it_is_stays_known_and_no_file_says_it(day: FieldworkDay, installation: Installation) -> None:
    """ADR 24: the directory knows it, for counting, comparing and requests for access."""
    survey_id, name = day.round.survey_id, Text("가람제약", "Garam Pharma", "カラム製薬")
    with day.database.write() as connection:
        company = add_company(connection, survey_id, name=name, is_sample=False, now=day.now)
        invite(connection, day.round, [company.company_id], now=day.now, actor=ACTOR)
        invitation = list_invitations(connection, day.round)[0].invitation
        begun = start_invited_return(
            connection,
            day.vault,
            day.round,
            day.questionnaire,
            token=issue_token(connection, invitation, channel="mail", now=day.now),
            answers=CONSENT,
            language="ko",
            now=day.now,
        )
    named = {**CONSENT, **AREAS, "attribution_level": "named", "company_name": "㈜가람제약"}
    day.submit(day.fill(begun, day.complete(named)))
    assert "가람제약" in write_identified(day, installation)
    end_retention(day, "identity")
    assert purge(day, installation) == {"identity": 1}
    assert day.load_response().company_id == company.company_id
    index = open_index(day.database, survey_id, snapshots=installation.settings.instance)
    assert [entry.company_id for entry in index.company_returns.values()] == [company.company_id]
    with day.database.read() as connection:
        held = gather_company(AccessReader(connection, day.vault, survey_id, "en", NOW), company.company_id)
    assert len(held["returns"]) == 1
    file = write_identified(day, installation)
    assert file.count("\r\n") == 2 and not any(each in file for each in ("가람제약", "Garam", "カラム"))


def write_identified(day: FieldworkDay, installation: Installation) -> str:
    """The file that says most of a round."""
    source = Source(day.database, day.vault, day.round.survey_id, installation.settings.instance)
    file = io.BytesIO()
    with open_ground(source, day.round.slug) as ground:
        make_export(ground, ExportRequest("identified"), file, actor=ACTOR, now=NOW)
    return file.getvalue().decode("utf-8-sig")


def count_areas(day: FieldworkDay, installation: Installation) -> object:
    """The figures, whatever the revision that they come from."""
    index = open_index(day.database, day.round.survey_id, snapshots=installation.settings.instance)
    mask = build_mask(index, day.questionnaire, day.round.round_id)
    counted = count_question(index, day.questionnaire.by_name["ch_areas"], mask)
    return replace(counted, origin=replace(counted.origin, revision=0))


def test_only_what_is_due_is_erased(day: FieldworkDay, installation: Installation) -> None:
    plant(day)
    end_retention(day, "mail")
    assert purge(day, installation) == {"mail": 4}
    assert "response.texts" in list_places(day) and "confidential/directory" in list_places(day)


def test_nothing_is_due_while_the_round_is_open_or_on_the_last_day(day: FieldworkDay) -> None:
    end_retention(day, "texts")
    last = day.round.retention["texts"]
    over = datetime(last.year, last.month, last.day, 15, 0, tzinfo=UTC)  # midnight in Seoul
    assert list_due(day.round, over - timedelta(seconds=1)) == ()
    assert list_due(day.round, over) == ("texts",)
    reopened = replace(day.round, closes_at=NOW + timedelta(days=400))
    assert list_due(reopened, NOW) == ()


def test_data_are_kept_at_least_until_the_round_closes(day: FieldworkDay) -> None:
    with day.database.write() as connection, pytest.raises(RetentionWrong) as refused:
        change_retention(connection, day.round, {"texts": date(2020, 1, 1)}, seen=None, actor=ACTOR, now=NOW)
    assert [fault.kind for fault in refused.value.faults] == ["texts"]
    assert all(day_ > day.round.closes_at.date() for day_ in suggest_dates(day.round).values())


def test_people_of_members_and_of_other_rounds_stay(day: FieldworkDay, installation: Installation) -> None:
    survey_id = day.round.survey_id
    with day.database.write() as connection:
        ids: list[int] = []
        memberships: tuple[Membership, ...] = ("member", "none", "none")
        for membership in memberships:
            company = add_company(
                connection,
                survey_id,
                name=Text(f"{membership}{len(ids)}", "", ""),
                is_sample=False,
                now=day.now,
                membership=membership,
            )
            add_contact(connection, day.vault, survey_id, company.company_id, ContactFields("김"), now=day.now)
            ids.append(company.company_id)
        invite(connection, day.round, ids[:2], now=day.now, actor=ACTOR)
    end_retention(day, "directory")
    assert purge(day, installation) == {"directory": 1}
    with day.database.read() as connection:
        assert sorted(list_contacts(connection, day.vault, survey_id, ids)) == [ids[0], ids[2]]


def test_the_schedule_asks_once_a_day_and_only_where_there_is_something(
    day: FieldworkDay, installation: Installation
) -> None:
    schedule = (each_night_where_due(3, 30),)
    night = NOW.replace(hour=19, minute=0)  # four o'clock in Seoul
    plant(day)
    assert add_scheduled_jobs(installation, schedule, night) == 0
    end_retention(day, "texts")
    assert add_scheduled_jobs(installation, schedule, night) == 1
    assert add_scheduled_jobs(installation, schedule, night) == 0
    assert purge(day, installation) == {"texts": 3}
    assert add_scheduled_jobs(installation, schedule, night + timedelta(days=1)) == 0
    with day.database.read() as connection:
        assert {each.actor for each in list_jobs(connection, kind=PURGE)} == {ACTOR, "schedule"}


def test_a_purge_that_was_cut_off_is_taken_up_where_it_stood(
    day: FieldworkDay, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 1)
    plant(day)
    for _ in range(2):
        day.submit_new({**AREAS, "ft_case": CANARY})
    end_retention(day, *RETENTION_KINDS)
    with day.database.write() as connection:  # what a worker did before it was killed
        assert erasing.erase_batch(connection, day.round, "drafts", now=NOW, actor=ACTOR) == 1
        assert erasing.erase_batch(connection, day.round, "texts", now=NOW, actor=ACTOR) == 2
    assert purge(day, installation) == {
        "contacts": 4,
        "identity": 1,
        "texts": 2,
        "mail": 4,
        "directory": 1,
    }
    assert list_places(day) == set()
    with day.database.read() as connection:
        trail = list_audit(connection, action="retention.purged")
    told = [event.details["erased"] for event in trail if event.details["data"] == "texts"]
    assert sorted(map(str, told)) == ["1", "1", "2"], "one line for each batch, whoever wrote it"
