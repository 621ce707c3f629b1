"""A part link opens a part of a return and nothing else; a replaced link says so."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.fieldwork.answering import Draft, SavedPage, find_draft, refuse, save_page
from surveyapp.fieldwork.drafts import LinkUnknown, ReturnWithdrawn
from surveyapp.fieldwork.part_links import (
    LABEL_LENGTH,
    MOST_LINKS,
    LinkEnded,
    PageNotInPart,
    Part,
    PartLink,
    PartRefused,
    check_not_former,
    end_part_link,
    find_part,
    hold_part,
    list_handable,
    list_part_links,
    make_part_link,
    narrow_part,
    replace_own_link,
)
from surveyapp.fieldwork.presence import note_visit
from surveyapp.fieldwork.purging import purge_round
from surveyapp.fieldwork.rounds import RoundClosed
from surveyapp.questionnaire.model import Stored
from surveyapp.records.tables import audit_event, confidential, return_link, return_visit, round_table
from tests.fieldwork.fieldwork_days import CLOSES, CONSENT, FieldworkDay
from tests.fieldwork.test_canary import _read_cells, _spell

LABEL = "카나리아-품질부서-canary"
TOKEN = "the token of a part"
NAMED = {**CONSENT, "attribution_level": "named"}


def hand(
    day: FieldworkDay,
    draft: Draft,
    sections: Collection[str] = ("sec_challenges",),
    *,
    label: str = LABEL,
    token: str = TOKEN,
) -> PartLink:
    with day.database.write() as connection:
        return make_part_link(
            connection,
            day.vault,
            draft,
            day.questionnaire,
            token=token,
            sections=sections,
            label=label,
            now=day.now,
        )


def open_part(day: FieldworkDay, token: str = TOKEN) -> Part:
    with day.database.read() as connection:
        return narrow_part(find_part(connection, day.vault, day.round.survey_id, token), day.questionnaire)


def end(day: FieldworkDay, draft: Draft, link: PartLink) -> None:
    with day.database.write() as connection:
        end_part_link(connection, draft, link.link_id, now=day.now)


def replace_link(day: FieldworkDay, draft: Draft, new: str, *, ends_parts: bool = False, token: str = "") -> None:
    with day.database.write() as connection:
        replace_own_link(
            connection, draft, token=token or day.tokens[-1], new_token=new, ends_parts=ends_parts, now=day.now
        )


def save_part(day: FieldworkDay, part: Part, page_name: str, answers: dict[str, Stored | None]) -> SavedPage:
    page = day.questionnaire.page_by_name[page_name]
    with day.database.write() as connection:
        hold_part(connection, part, page)
        return save_page(
            connection, day.vault, part.draft, day.questionnaire, page, answers, language="ko", now=day.now
        )


def count_links(day: FieldworkDay) -> int:
    with day.database.read() as connection:
        return len(connection.execute(select(return_link)).all())


# what can be handed on


def test_consent_and_contact_pages_stay_with_the_holder(day: FieldworkDay) -> None:
    handable = {section.name: [page.name for page in pages] for section, pages in list_handable(day.questionnaire)}
    assert "sec_consent" not in handable
    assert handable["sec_support"] == ["rank_topics"]  # without the contact page, which asks for consent too
    assert len(handable["sec_challenges"]) > 10


@pytest.mark.parametrize("sections", [(), ("sec_consent",), ("grp_contact",), ("sec_profile", "no_such_section")])
def test_a_part_of_nothing_or_of_what_cannot_be_handed_on_is_refused(
    day: FieldworkDay, sections: tuple[str, ...]
) -> None:
    with pytest.raises(PartRefused) as refused:
        hand(day, day.start(), sections)
    assert refused.value.problem == "sections"
    assert count_links(day) == 0


@pytest.mark.parametrize(
    ("label", "problem"),
    [("", "label"), (" \t\n", "label"), ("a\x07b", "label"), ("가" * (LABEL_LENGTH + 1), "label_length")],
)
def test_a_label_is_needed_and_short(day: FieldworkDay, label: str, problem: str) -> None:
    with pytest.raises(PartRefused) as refused:
        hand(day, day.start(), label=label)
    assert refused.value.problem == problem


def test_a_return_has_a_limited_number_of_part_links(day: FieldworkDay) -> None:
    draft = day.start()
    for number in range(MOST_LINKS):
        end(day, draft, hand(day, draft, token=f"part {number}"))
    with pytest.raises(PartRefused) as refused:
        hand(day, draft)
    assert refused.value.problem == "many"


def test_the_same_token_is_the_same_link(day: FieldworkDay) -> None:
    draft = day.start()
    first = hand(day, draft)
    assert hand(day, draft, ("sec_profile",), label="sent again") == first
    assert count_links(day) == 1
    with pytest.raises(LinkUnknown):
        hand(day, day.start())  # another return


def test_one_form_sent_twice_at_once_is_one_link(day: FieldworkDay) -> None:
    draft = day.start()
    with ThreadPoolExecutor(4) as pool:
        links = list(pool.map(lambda _number: hand(day, draft), range(8)))
    assert len({link.link_id for link in links}) == count_links(day) == 1


def test_a_closed_round_hands_nothing_on(day: FieldworkDay) -> None:
    draft = day.start()
    day.now = CLOSES
    with pytest.raises(RoundClosed):
        hand(day, draft)


# what it opens


def test_a_part_covers_its_sections_or_single_pages(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft, ("blk_gmp", "sec_readiness", "rd_page_market"))
    assert link.sections == ("sec_readiness", "blk_gmp")  # a page of a section that is handed on whole goes with it
    covered = [page.name for page in day.questionnaire.pages if link.covers(page)]
    assert covered == [
        "rd_page_regulatory",
        "rd_page_evidence",
        "rd_page_market",
        "rd_page_organisation",
        "blk_gmp",
    ]


def test_a_part_is_found_by_its_token_alone(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft)
    assert open_part(day).link == link
    assert open_part(day).draft.draft_id == draft.draft_id
    for token in ("another token", day.tokens[-1]):
        with pytest.raises(LinkUnknown):
            open_part(day, token)
    with pytest.raises(LinkUnknown):  # and the part's token is no token of the return
        day.find(TOKEN)


def test_what_names_or_reaches_somebody_stays_out_of_other_parts(day: FieldworkDay) -> None:
    draft = day.fill(day.start(NAMED), {"company_name": "카나리아제약", "company_type": "pharma"})
    hand(day, draft)
    assert "company_name" not in open_part(day).draft.answers
    assert open_part(day).draft.answers["company_type"] == "pharma"  # what is asked depends on it
    hand(day, draft, ("sec_profile",), token="profile")
    assert open_part(day, "profile").draft.answers["company_name"] == "카나리아제약"


def test_a_part_saves_its_pages_and_no_other(day: FieldworkDay) -> None:
    draft = day.fill(day.start(NAMED), {"company_name": "카나리아제약"})
    hand(day, draft)
    part = open_part(day)
    save_part(day, part, "grp_areas", {"ch_areas": ["gmp"]})
    assert day.find().answers["ch_areas"] == ["gmp"]
    assert day.find().answers["company_name"] == "카나리아제약"  # which the part did not know of
    for page in ("sec_profile", "sec_consent", "grp_contact"):
        with pytest.raises(PageNotInPart):
            save_part(day, part, page, {"consent_participate": "disagree"})
    assert day.find().state == "open"


def test_an_ended_part_neither_opens_nor_saves(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft)
    part = open_part(day)
    day.now += timedelta(hours=1)
    end(day, draft, link)
    ended_at = day.now
    day.now += timedelta(hours=1)
    end(day, draft, link)  # again, without effect
    with pytest.raises(LinkEnded) as ended:
        open_part(day)
    assert (ended.value.reason, ended.value.ended_at) == ("part_ended", ended_at)
    with pytest.raises(LinkEnded):
        save_part(day, part, "grp_areas", {"ch_areas": ["gmp"]})
    with pytest.raises(LinkUnknown):
        end(day, day.start(), link)  # of another return


def test_changes_through_a_part_count_once_the_return_is_submitted_again(day: FieldworkDay) -> None:
    draft, _submission = day.submit_new({"jp_stage": "filed", "ch_areas": ["gmp"]})
    hand(day, draft, ("sec_voice",))
    save_part(day, open_part(day), "ft_case", {"ft_case": "말"})
    assert day.find().has_unsubmitted_changes
    assert "ft_case" not in day.load_response().texts
    day.submit(day.find())
    assert day.load_response().texts["ft_case"] == "말"


def test_a_closed_round_takes_nothing_through_a_part(day: FieldworkDay) -> None:
    hand(day, day.start())
    day.now = CLOSES
    with pytest.raises(RoundClosed):
        save_part(day, open_part(day), "grp_areas", {"ch_areas": ["gmp"]})


# the holder's list


def test_the_list_tells_labels_states_and_visits(day: FieldworkDay) -> None:
    draft = day.start()
    first, second = hand(day, draft), hand(day, draft, ("sec_voice",), label="마케팅", token="second")
    with day.database.write() as connection:
        note_visit(connection, draft, "grp_areas", link_id=first.link_id, now=day.now)
        note_visit(connection, draft, "sec_profile", link_id="", now=day.now)
    end(day, draft, second)
    with day.database.read() as connection:
        parts = list_part_links(connection, day.vault, draft)
    assert {(link.label, link.page, link.ended_at) for link in parts.links} == {
        (LABEL, "grp_areas", None),
        ("마케팅", "", day.now),
    }
    assert [link.link_id for link in parts.live] == [first.link_id]
    assert (parts.own_page, parts.own_seen_at) == ("sec_profile", day.now)


# a replaced link


def test_a_replaced_link_says_so_and_the_new_one_opens_the_return(day: FieldworkDay) -> None:
    draft = day.fill(day.start(), {"company_type": "pharma"})
    hand(day, draft)
    old = day.tokens[-1]
    replace_link(day, draft, "new token")
    assert day.find("new token").answers["company_type"] == "pharma"
    with pytest.raises(LinkUnknown):
        day.find(old)
    with day.database.read() as connection, pytest.raises(LinkEnded) as ended:
        check_not_former(connection, day.round.survey_id, old)
    assert (ended.value.reason, ended.value.ended_at, ended.value.round.slug) == ("replaced", day.now, "2026")
    assert open_part(day).link.label == LABEL  # parts go on
    with pytest.raises(LinkEnded):
        replace_link(day, draft, "another", token=old)
    replace_link(day, draft, "third token", ends_parts=True, token="new token")
    with pytest.raises(LinkEnded):
        open_part(day)


def test_the_start_form_of_a_replaced_link_begins_and_refuses_nothing(day: FieldworkDay) -> None:
    draft = day.start()
    old = day.tokens[-1]
    replace_link(day, draft, "new token")
    with pytest.raises(LinkEnded):
        day.start(token=old)
    with pytest.raises(LinkEnded):
        day.refuse(old)
    assert day.count_rows()["draft"] == 1
    assert day.count_rows()["refusal"] == 0


# nothing remains


def test_withdrawing_ends_links_and_erases_labels_and_visits(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft)
    with day.database.write() as connection:
        note_visit(connection, draft, "grp_areas", link_id=link.link_id, now=day.now)
    part = open_part(day)
    day.withdraw(draft)
    assert day.count_rows()["confidential"] == 0
    with day.database.read() as connection:
        assert connection.execute(select(return_visit)).all() == []
        left = connection.execute(select(return_link)).one()
    assert (left.label_link, left.ended_at) == (None, day.now)
    assert open_part(day).draft.state == "withdrawn"  # so that its page can say so
    assert open_part(day).link.label == ""
    with pytest.raises(ReturnWithdrawn):
        save_part(day, part, "grp_areas", {"ch_areas": ["gmp"]})
    with pytest.raises(ReturnWithdrawn):
        hand(day, draft, token="later")
    with pytest.raises(ReturnWithdrawn):
        replace_link(day, draft, "new token")


def test_a_refusal_ends_links_too(day: FieldworkDay) -> None:
    draft = day.start(token="start form")
    hand(day, draft)
    with day.database.write() as connection:
        refuse(connection, day.round, refusal_id="start form", language="ko", now=day.now)
    assert day.count_rows()["confidential"] == 0


def test_a_purge_leaves_no_link_label_or_visit(day: FieldworkDay) -> None:
    with day.database.write() as connection:
        connection.execute(round_table.update().values(kind="trial"))
    draft = day.start()
    link = hand(day, draft)
    with day.database.write() as connection:
        note_visit(connection, draft, "grp_areas", link_id=link.link_id, now=day.now)
    purge_round(day.database, day.round.survey_id, "2026", now=day.now)
    with day.database.read() as connection:
        for table in (return_link, return_visit, confidential):
            assert connection.execute(select(table)).all() == []


def test_the_label_is_in_clear_nowhere(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft)
    with day.database.read() as connection:
        assert list_part_links(connection, day.vault, draft).links[0].label == LABEL
    for step in (lambda: end(day, draft, link), lambda: replace_link(day, draft, "new"), lambda: day.withdraw(draft)):
        _assert_label_hidden(day)
        step()
    _assert_label_hidden(day)
    with day.database.read() as connection:
        audited = connection.execute(select(audit_event.c.action, audit_event.c.details)).all()
    assert [action for action, details in audited][-4:] == [
        "return.part_handed",
        "return.part_ended",
        "return.link_replaced",
        "return.withdrawn",
    ]


def _assert_label_hidden(day: FieldworkDay) -> None:
    day.checkpoint()
    files = day.read_stored()
    cells = list(_read_cells(day))
    for spelling in (each for words in (LABEL, "품질부서") for each in _spell(words)):
        assert spelling not in files
        assert [place for place, value in cells if spelling in value] == []


def test_find_draft_is_not_opened_by_a_part_token(day: FieldworkDay) -> None:
    hand(day, day.start())
    with day.database.read() as connection, pytest.raises(LinkUnknown):
        find_draft(connection, day.vault, day.round.survey_id, TOKEN)
