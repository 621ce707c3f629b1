"""An invitation is one company in one round, once, however often and by how many staff it is made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from surveyapp.fieldwork.invitations.inviting import (
    CompanyNotInvitable,
    InvitationUnknown,
    InviteOutcome,
    find_invitation,
    reinstate,
    revoke,
)
from surveyapp.fieldwork.invitations.links import note_opened
from surveyapp.fieldwork.invitations.listing import list_invitations, list_not_invited
from surveyapp.fieldwork.rounds import RoundClosed
from surveyapp.records.audit import list_audit
from surveyapp.records.tables import company_merge, metadata
from tests.fieldwork.fieldwork_days import CLOSES, NOW
from tests.fieldwork.invitations.invited_days import MANAGER, InvitedDay
from tests.records.databases import count_statements


def test_companies_are_invited_once(day: InvitedDay) -> None:
    first, second, third = day.add_companies(3)
    assert day.invite(first, second, first) == InviteOutcome(2, 0)
    assert day.invite(second, third) == InviteOutcome(1, 1)
    assert day.invite(first, second, third) == InviteOutcome(0, 3)
    assert day.count_invitations() == 3
    with day.plain.database.read() as connection:
        made = list_audit(connection, action="invitation.made")
        assert list_not_invited(connection, day.plain.round) == ()
    assert [(event.actor, event.details) for event in made] == [(MANAGER, {"invited": 1}), (MANAGER, {"invited": 2})]


def test_two_officers_who_invite_the_same_at_once_make_one_invitation_each(day: InvitedDay) -> None:
    companies = day.add_companies(20)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: day.invite(*companies), range(4)))
    assert sorted(each.invited for each in outcomes) == [0, 0, 0, 20]
    assert day.count_invitations() == 20


def test_more_companies_than_one_statement_takes(day: InvitedDay) -> None:
    companies = day.add_companies(1203)
    assert day.invite(*companies).invited == 1203
    assert day.invite(*companies) == InviteOutcome(0, 1203)


def test_who_cannot_be_invited_stops_the_whole(day: InvitedDay) -> None:
    kept, merged = day.add_companies(2)
    [invented] = day.add_companies(1, is_sample=True)
    with day.plain.database.write() as connection:
        connection.execute(
            company_merge.insert().values(
                survey_id=day.survey_id,
                merge_id="m1",
                kept_id=kept,
                merged_id=merged,
                moved={},
                actor=MANAGER,
                merged_at=NOW,
            )
        )
    with pytest.raises(CompanyNotInvitable) as refused:
        day.invite(kept, merged, invented, 999)
    assert refused.value.company_ids == (merged, invented, 999)
    assert day.count_invitations() == 0
    with day.plain.database.read() as connection:
        assert [each.company_id for each in list_not_invited(connection, day.plain.round)] == [kept]
    with day.plain.database.write() as connection:
        connection.execute(company_merge.update().values(undone_at=NOW))
    assert day.invite(kept, merged).invited == 2


def test_an_invented_company_can_be_invited_to_a_round_that_is_not_real(day: InvitedDay) -> None:
    [invented] = day.add_companies(1, is_sample=True)
    day.make_kind("trial")
    assert day.invite(invented).invited == 1


def test_a_closed_round_invites_nobody_and_one_that_is_not_open_yet_does(day: InvitedDay) -> None:
    first, second = day.add_companies(2)
    day.plain.now = day.plain.round.opens_at - timedelta(days=3)
    assert day.invite(first).invited == 1
    day.plain.now = CLOSES
    with pytest.raises(RoundClosed):
        day.invite(second)


def test_an_invitation_that_was_taken_back_stays_so_until_it_is_reinstated(day: InvitedDay) -> None:
    [company_id] = day.add_companies(1)
    day.invite(company_id)
    invited = day.find_of(company_id).invitation
    with day.plain.database.write() as connection:
        revoke(connection, day.plain.round, invited, reason="두 번 등록된 기업", now=NOW, actor=MANAGER)
        revoke(connection, day.plain.round, invited, reason="두 번 등록된 기업", now=NOW, actor=MANAGER)
    assert day.find_of(company_id).is_revoked
    assert day.invite(company_id) == InviteOutcome(0, 1)
    assert day.find_of(company_id).is_revoked
    with day.plain.database.write() as connection:
        reinstate(connection, day.plain.round, invited, now=NOW, actor=MANAGER)
    assert not day.find_of(company_id).is_revoked
    with day.plain.database.read() as connection:
        events = [(event.action, event.details) for event in list_audit(connection, limit=2)]
    assert events == [
        ("invitation.reinstated", {"company": company_id}),
        ("invitation.revoked", {"company": company_id, "reason": "두 번 등록된 기업"}),
    ]


def test_an_invitation_of_another_round_is_unknown(day: InvitedDay) -> None:
    with day.plain.database.read() as connection, pytest.raises(InvitationUnknown):
        find_invitation(connection, day.plain.round, "of nobody")


def test_states_and_counts_of_the_list(day: InvitedDay) -> None:
    companies = day.add_companies(6)
    day.invite(*companies)
    day.add_contact(companies[0], "k1", "ja")
    invited, opened, begun, submitted, refused, withdrawn = companies
    day.issue(invited, channel="letter")
    token = day.issue(opened)
    with day.plain.database.write() as connection:
        note_opened(connection, day.survey_id, token, now=NOW)
    day.start(day.issue(begun), language="en")
    complete = day.plain.complete({"consent_participate": "agree"})
    day.plain.submit(day.plain.fill(day.start(day.issue(submitted), complete), complete))
    day.refuse(day.issue(refused))
    day.plain.withdraw(day.start(day.issue(withdrawn)))
    with day.plain.database.read() as connection:
        listed = list_invitations(connection, day.plain.round)
    assert [each.state for each in listed] == ["invited", "opened", "begun", "submitted", "refused", "withdrawn"]
    assert [each.can_answer for each in listed] == [True, True, True, False, False, False]
    assert [(each.links, each.live_links) for each in listed] == [(1, 1)] * 6
    assert [each.language for each in listed] == ["ja", None, "en", "ko", None, "ko"]
    assert [each.contacts for each in listed] == [1, 0, 0, 0, 0, 0]
    assert all(each.since == NOW for each in listed)


def test_the_list_is_one_statement_however_long(day: InvitedDay) -> None:
    companies = day.add_companies(40)
    day.invite(*companies)
    with count_statements(day.plain.database) as seen, day.plain.database.read() as connection:
        assert len(list_invitations(connection, day.plain.round)) == 40
    assert len([each for each in seen if each.startswith("SELECT")]) == 1


def test_nothing_about_invitations_names_a_person(day: InvitedDay) -> None:
    """What the tables of invitations may hold at all: a column more is a decision, not an accident."""
    assert {column.name for column in metadata.tables["invitation_token"].columns} == {
        "survey_id",
        "token_hash",
        "invitation_id",
        "contact_id",
        "mailing_id",
        "channel",
        "issued_at",
        "opened_at",
        "revoked_at",
        "revoked_by",
    }
