"""Personal links: kept as digests, each good until it is revoked, all of them leading to the company's one return."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.fieldwork.answering import withdraw
from surveyapp.fieldwork.drafts import LinkUnknown, ReturnWithdrawn, hash_token, make_token
from surveyapp.fieldwork.invitations.inviting import Invitation, reinstate, revoke
from surveyapp.fieldwork.invitations.links import (
    InvitationRevoked,
    NewLink,
    find_link,
    issue_token,
    keep_links,
    list_links,
    note_opened,
)
from surveyapp.fieldwork.invitations.revoking import count_live_links, replace_personal_link, revoke_links
from surveyapp.fieldwork.invitations.starting import ReturnBegun
from surveyapp.fieldwork.part_links import LinkEnded
from surveyapp.fieldwork.purging import purge_round
from surveyapp.fieldwork.rounds import RoundClosed
from surveyapp.records.tables import audit_event, draft, invitation, invitation_token, refusal
from tests.fieldwork.fieldwork_days import CLOSES, CONSENT, NOW
from tests.fieldwork.invitations.invited_days import MANAGER, InvitedDay
from tests.fieldwork.test_part_links import hand, open_part
from tests.records.databases import count_statements

REASON = "받는 사람이 잘못되었습니다."


def revoke_own(day: InvitedDay, token: str) -> int:
    """Every link of the company behind this one."""
    with day.plain.database.write() as connection:
        return revoke_links(connection, day.plain.round, day.find(token), reason=REASON, now=day.now, actor=MANAGER)


def find_ended(day: InvitedDay, token: str) -> LinkEnded:
    with pytest.raises(LinkEnded) as ended:
        day.find(token)
    return ended.value


# tokens


def test_a_token_has_192_random_bits_and_only_its_digest_is_kept(day: InvitedDay) -> None:
    token = day.invite_one()
    assert len(token) == 32
    assert len({make_token() for _ in range(1000)}) == 1000
    day.plain.checkpoint()
    stored = day.plain.read_stored()
    assert token.encode() not in stored
    with day.plain.database.read() as connection:
        audited = repr(connection.execute(select(audit_event.c.details)).all())
    assert token not in audited


def test_each_mail_letter_and_file_makes_a_further_link_and_all_stay_good(day: InvitedDay) -> None:
    mailed = day.invite_one()
    company_id = day.find(mailed).company_id
    letter, exported = day.issue(company_id, channel="letter"), day.issue(company_id, channel="export")
    assert len({mailed, letter, exported}) == 3
    assert {day.find(token).company_id for token in (mailed, letter, exported)} == {company_id}
    with day.plain.database.read() as connection:
        links = list_links(connection, day.find(mailed))
    assert sorted(link.channel for link in links) == ["export", "letter", "mail"]


@pytest.mark.parametrize("token", ["", "x", "a" * 32, "가" * 5000, "\ud800", "' OR 1=1 --", "a/b", "%00"])
def test_an_unknown_token_costs_the_same_whatever_it_is(day: InvitedDay, token: str) -> None:
    day.invite_one()
    with count_statements(day.plain.database) as seen, pytest.raises(LinkUnknown):
        day.find(token)
    assert len([each for each in seen if each.startswith("SELECT")]) == 1
    with count_statements(day.plain.database) as seen, pytest.raises(LinkUnknown):
        day.find_return(token)
    assert len([each for each in seen if each.startswith("SELECT")]) == 2


def test_a_link_tells_the_language_of_the_person_it_is_for(day: InvitedDay) -> None:
    token = day.invite_one()
    company_id = day.find(token).company_id
    own = day.issue(company_id, contact_id=day.add_contact(company_id, "k1", "ja"))
    with day.plain.database.read() as connection:
        assert find_link(connection, day.survey_id, token).language is None
        assert find_link(connection, day.survey_id, own).language == "ja"


def test_links_are_written_all_or_none(day: InvitedDay) -> None:
    first, second = day.add_companies(2)
    day.invite(first, second)
    good, revoked = day.find_of(first).invitation, day.find_of(second).invitation
    with day.plain.database.write() as connection:
        revoke(connection, day.plain.round, revoked, reason=REASON, now=NOW, actor=MANAGER)
    links = [NewLink(each, make_token()) for each in (good, revoked)]
    with pytest.raises(InvitationRevoked), day.plain.database.write() as connection:
        keep_links(connection, links, channel="letter", now=NOW)
    assert day.count_links() == 0
    with day.plain.database.write() as connection:
        keep_links(connection, links[:1], channel="letter", now=NOW)
        keep_links(connection, [], channel="letter", now=NOW)
    assert day.find(links[0].token).invitation_id == good.invitation_id


def test_a_thousand_links_are_a_few_statements(day: InvitedDay) -> None:
    companies = day.add_companies(1000)
    day.invite(*companies)
    with day.plain.database.read() as connection:
        rows = connection.execute(select(invitation)).mappings().all()
    links = [NewLink(Invitation(**row), make_token()) for row in rows]
    with count_statements(day.plain.database) as seen, day.plain.database.write() as connection:
        keep_links(connection, links, channel="export", now=NOW)
    assert len(seen) < 20
    assert day.count_links() == 1000


def test_a_closed_round_makes_no_links_but_those_there_are_stay_known(day: InvitedDay) -> None:
    token = day.invite_one()
    day.plain.now = CLOSES
    with pytest.raises(RoundClosed):
        day.issue(day.find(token).company_id)
    with pytest.raises(RoundClosed):
        day.start(token)
    with pytest.raises(RoundClosed):
        day.refuse(token)


def test_the_first_opening_counts(day: InvitedDay) -> None:
    first = day.invite_one()
    second = day.issue(day.find(first).company_id)
    for token, moment in ((first, NOW), (second, NOW + timedelta(hours=1)), (first, NOW + timedelta(hours=2))):
        with day.plain.database.write() as connection:
            note_opened(connection, day.survey_id, token, now=moment)
    with day.plain.database.write() as connection:
        note_opened(connection, day.survey_id, "of nobody", now=NOW)
    assert day.find(first).opened_at == NOW
    with day.plain.database.read() as connection:
        opened = {link.opened_at for link in list_links(connection, day.find(first))}
    assert opened == {NOW, NOW + timedelta(hours=1)}


# one return


def test_every_link_of_the_company_resumes_the_one_return(day: InvitedDay) -> None:
    first = day.invite_one()
    company_id = day.find(first).company_id
    second = day.issue(company_id, channel="letter")
    with pytest.raises(LinkUnknown):
        day.find_return(first)  # nothing was begun
    begun = day.start(first)
    assert begun.company_id == company_id
    day.plain.fill(day.find_return(second), {"company_type": "pharma"})
    later = day.issue(company_id)  # a reminder's
    for token in (first, second, later):
        found = day.find_return(token)
        assert (found.draft_id, found.answers["company_type"]) == (begun.draft_id, "pharma")
        assert found.invitation_id == day.find(token).invitation_id
    again = day.start(second)
    assert (again.draft_id, again.answers["company_type"]) == (begun.draft_id, "pharma")


def test_other_answers_on_the_start_page_are_saved(day: InvitedDay) -> None:
    token = day.invite_one()
    day.start(token)
    day.start(token, {**CONSENT, "consent_quote": "disagree"})
    assert day.find_return(token).answers["consent_participate"] == "agree"


def test_colleagues_who_begin_at_once_make_one_return(day: InvitedDay) -> None:
    first = day.invite_one()
    tokens = [first, *(day.issue(day.find(first).company_id) for _ in range(3))]
    with ThreadPoolExecutor(4) as pool:
        begun = list(pool.map(day.start, tokens))
    assert len({each.draft_id for each in begun}) == 1
    assert day.plain.count_rows()["draft"] == 1


def test_the_return_counts_for_its_company_and_is_changed_and_withdrawn_through_the_link(day: InvitedDay) -> None:
    token = day.invite_one()
    complete = day.plain.complete(dict(CONSENT))
    submitted = day.plain.submit(day.plain.fill(day.start(token, complete), complete))
    assert day.plain.load_response(submitted.number).company_id == day.find(token).company_id
    day.plain.now = NOW + timedelta(days=1)
    changed = day.plain.save(day.find_return(token), "sec_profile", {"company_size": "e1000p"})
    assert changed.draft.has_unsubmitted_changes
    assert changed.draft.invitation_id == day.find(token).invitation_id
    assert day.plain.submit(day.find_return(token)).is_edit
    day.plain.now = CLOSES + timedelta(days=1)  # at any time
    with day.plain.database.write() as connection:
        withdraw(connection, day.find_return(token), now=day.now)
    assert day.find_return(token).state == "withdrawn"
    assert day.plain.load_response(submitted.number).company_id is None
    assert day.find_of(day.find(token).company_id).state == "withdrawn"


def test_a_withdrawn_return_is_begun_anew_only_on_purpose(day: InvitedDay) -> None:
    token = day.invite_one()
    first = day.start(token)
    day.plain.withdraw(first)
    with pytest.raises(ReturnWithdrawn):
        day.start(token)
    second = day.start(token, anew=True)
    assert second.draft_id != first.draft_id
    assert day.find_return(token).draft_id == second.draft_id
    assert day.start(token, anew=True).draft_id == second.draft_id  # pressed twice
    assert day.plain.count_rows()["draft"] == 2


# refusal


def count_refusals(day: InvitedDay) -> int:
    return day.plain.count_rows()["refusal"]


def test_a_refusal_counts_once_for_the_company_and_can_be_taken_back(day: InvitedDay) -> None:
    first = day.invite_one()
    second = day.issue(day.find(first).company_id)
    for token in (first, second, first):
        day.refuse(token)
    assert count_refusals(day) == 1
    assert day.find(first).refused_at == NOW
    day.start(second)
    assert count_refusals(day) == 0
    assert day.find(first).refused_at is None


def test_a_start_page_left_open_does_not_erase_what_a_colleague_began(day: InvitedDay) -> None:
    first = day.invite_one()
    second = day.issue(day.find(first).company_id)
    day.plain.fill(day.start(first), {"company_type": "pharma"})
    with pytest.raises(ReturnBegun):
        day.refuse(second)
    assert day.find_return(first).answers["company_type"] == "pharma"
    assert count_refusals(day) == 0


def test_refusing_in_mid_return_erases_it_marks_the_invitation_and_can_be_taken_back(day: InvitedDay) -> None:
    token = day.invite_one()
    begun = day.start(token)
    day.plain.save(day.find_return(token), "sec_consent", {"consent_participate": "disagree"})
    assert day.find_return(token).state == "withdrawn"
    assert day.find_of(day.find(token).company_id).state == "refused"
    assert count_refusals(day) == 1
    day.refuse(token)  # said once more
    assert count_refusals(day) == 1
    again = day.start(token)  # a change of mind needs no further button
    assert again.draft_id != begun.draft_id
    assert count_refusals(day) == 0
    assert day.find_of(day.find(token).company_id).state == "begun"


# links that open nothing any more


def test_one_link_is_revoked_and_the_others_go_on(day: InvitedDay) -> None:
    first = day.invite_one()
    second = day.issue(day.find(first).company_id)
    day.start(first)
    with day.plain.database.write() as connection:
        own, wanted = day.find(first), hash_token(first).hex()
        assert wanted in {link.link_id for link in list_links(connection, own)}
        assert revoke_links(connection, day.plain.round, own, wanted, reason=REASON, now=NOW, actor=MANAGER) == 1
        assert revoke_links(connection, day.plain.round, own, wanted, reason=REASON, now=NOW, actor=MANAGER) == 0
        for unknown in ("00" * 32, "not hexadecimal"):
            with pytest.raises(LinkUnknown):
                revoke_links(connection, day.plain.round, own, unknown, reason=REASON, now=NOW, actor=MANAGER)
    ended = find_ended(day, first)
    assert (ended.reason, ended.ended_at, ended.round.slug) == ("revoked", NOW, "2026")
    with pytest.raises(LinkUnknown):
        day.find_return(first)
    with pytest.raises(LinkEnded):
        day.start(first)
    with pytest.raises(LinkEnded):
        day.refuse(first)
    assert day.find_return(second).state == "open"


def test_all_links_are_revoked_and_a_new_one_opens_the_same_return(day: InvitedDay) -> None:
    token = day.invite_one()
    company_id = day.find(token).company_id
    day.issue(company_id)
    begun = day.start(token)
    assert revoke_own(day, token) == 2
    with pytest.raises(LinkUnknown):
        day.find_return(token)
    assert day.find_return(day.issue(company_id, channel="shown")).draft_id == begun.draft_id


def test_an_invitation_taken_back_shuts_its_links_for_good(day: InvitedDay) -> None:
    token = day.invite_one()
    invited = day.find(token)
    day.start(token)
    with day.plain.database.write() as connection:
        revoke(connection, day.plain.round, invited, reason=REASON, now=NOW, actor=MANAGER)
    assert find_ended(day, token).reason == "revoked"
    with pytest.raises(LinkUnknown):
        day.find_return(token)
    with pytest.raises(InvitationRevoked):
        day.issue(invited.company_id)
    with day.plain.database.write() as connection:
        reinstate(connection, day.plain.round, invited, now=NOW, actor=MANAGER)
    assert find_ended(day, token).reason == "revoked"
    assert day.find_return(day.issue(invited.company_id)).state == "open"


def replace_link(day: InvitedDay, token: str, new: str, *, ends_others: bool = True, ends_parts: bool = False) -> None:
    with day.plain.database.write() as connection:
        replace_personal_link(
            connection,
            day.find_return(token),
            token=token,
            new_token=new,
            ends_others=ends_others,
            ends_parts=ends_parts,
            now=day.now,
        )


@pytest.mark.parametrize("ends_others", [True, False])
def test_the_company_replaces_its_link(day: InvitedDay, ends_others: bool) -> None:
    first = day.invite_one()
    second = day.issue(day.find(first).company_id)
    begun = day.start(first)
    hand(day.plain, begun)
    replace_link(day, first, "new token", ends_others=ends_others, ends_parts=ends_others)
    assert find_ended(day, first).reason == "replaced"
    assert find_ended(day, first).draft_id == begun.draft_id
    assert day.find_return("new token").draft_id == begun.draft_id
    if ends_others:
        assert find_ended(day, second).reason == "replaced"
        with pytest.raises(LinkEnded):
            open_part(day.plain)
    else:
        assert day.find_return(second).draft_id == begun.draft_id
        open_part(day.plain)
    with day.plain.database.read() as connection:
        assert count_live_links(connection, day.survey_id, day.find("new token").invitation_id) == 2 - ends_others
    assert revoke_own(day, "new token") == 2 - ends_others  # the office can shut that one too
    assert find_ended(day, "new token").reason == "revoked"


def test_a_link_is_replaced_once_and_not_after_the_return_was_withdrawn(day: InvitedDay) -> None:
    token = day.invite_one()
    begun = day.start(token)
    replace_link(day, token, "new token")
    with pytest.raises(LinkEnded), day.plain.database.write() as connection:
        replace_personal_link(
            connection, begun, token=token, new_token="third", ends_others=True, ends_parts=False, now=NOW
        )
    day.plain.withdraw(begun)
    with pytest.raises(ReturnWithdrawn):
        replace_link(day, "new token", "third")


def test_a_link_of_one_company_does_not_replace_that_of_another(day: InvitedDay) -> None:
    mine, theirs = day.invite_one(), day.invite_one()
    day.start(mine)
    with pytest.raises(LinkUnknown), day.plain.database.write() as connection:
        replace_personal_link(
            connection,
            day.find_return(mine),
            token=theirs,
            new_token="new token",
            ends_others=True,
            ends_parts=False,
            now=NOW,
        )


def test_a_link_issued_while_the_invitation_is_taken_back_opens_nothing(day: InvitedDay) -> None:
    token = day.invite_one()
    invited = day.find(token)

    def issue() -> str:
        with day.plain.database.write() as connection:
            return issue_token(connection, invited, channel="mail", now=NOW)

    def take_back() -> None:
        with day.plain.database.write() as connection:
            revoke(connection, day.plain.round, invited, reason=REASON, now=NOW, actor=MANAGER)

    with ThreadPoolExecutor(5) as pool:
        issued = [pool.submit(issue) for _ in range(4)]
        pool.submit(take_back).result()
    for each in issued:
        if each.exception() is None:
            assert find_ended(day, each.result()).reason == "revoked"
        else:
            assert isinstance(each.exception(), InvitationRevoked)


# nothing remains


def test_a_purge_leaves_no_invitation_link_or_invented_company(day: InvitedDay) -> None:
    day.make_kind("sample")
    invented = day.add_companies(3, is_sample=True)
    day.invite(*invented)
    tokens = [day.issue(company_id) for company_id in invented]
    day.start(tokens[0])
    day.refuse(tokens[1])
    purged = purge_round(day.plain.database, day.survey_id, "2026", now=NOW)
    assert (purged.invitations, purged.drafts, purged.refusals, purged.companies) == (3, 1, 1, 3)
    with day.plain.database.read() as connection:
        for table in (invitation, invitation_token, draft, refusal):
            assert connection.execute(select(table)).all() == []
    with pytest.raises(LinkUnknown):
        day.find(tokens[0])
