"""Who is at which page: only where a return is shared, coarsely, and never of one that was withdrawn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select

from surveyapp.fieldwork.answering import Draft
from surveyapp.fieldwork.part_links import PartLinks, list_part_links
from surveyapp.fieldwork.presence import (
    NEAR,
    OWN_LINK,
    REST,
    find_company,
    is_visit_due,
    list_visitors,
    note_visit,
)
from surveyapp.records.tables import return_visit
from tests.fieldwork.fieldwork_days import FieldworkDay
from tests.fieldwork.test_part_links import end, hand


def visit(day: FieldworkDay, draft: Draft, page: str, link_id: str = OWN_LINK) -> None:
    with day.database.write() as connection:
        note_visit(connection, draft, page, link_id=link_id, now=day.now)


def list_parts(day: FieldworkDay, draft: Draft) -> PartLinks:
    with day.database.read() as connection:
        return list_part_links(connection, day.vault, draft)


def count_visits(day: FieldworkDay) -> int:
    with day.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(return_visit)) or 0


def test_a_return_without_part_links_is_not_watched(day: FieldworkDay) -> None:
    assert not is_visit_due(list_parts(day, day.start()), link_id=OWN_LINK, now=day.now)


def test_a_return_whose_part_links_ended_is_not_watched(day: FieldworkDay) -> None:
    draft = day.start()
    end(day, draft, hand(day, draft))
    assert not is_visit_due(list_parts(day, draft), link_id=OWN_LINK, now=day.now)


def test_a_visit_is_due_at_most_every_half_minute(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft)
    assert is_visit_due(list_parts(day, draft), link_id=OWN_LINK, now=day.now)
    visit(day, draft, "sec_profile")
    assert not is_visit_due(list_parts(day, draft), link_id=OWN_LINK, now=day.now + REST - timedelta(seconds=1))
    assert is_visit_due(list_parts(day, draft), link_id=OWN_LINK, now=day.now + REST)
    assert is_visit_due(list_parts(day, draft), link_id=link.link_id, now=day.now)  # counted for each link


def test_each_link_has_one_visit_the_last_one(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft)
    for page in ("sec_profile", "sec_japan", "grp_areas"):
        visit(day, draft, page)
        visit(day, draft, page, link.link_id)
    assert count_visits(day) == 2
    assert {visitor.page for visitor in list_visitors(list_parts(day, draft))} == {"grp_areas"}


def test_visits_noted_at_once_are_one_row(day: FieldworkDay) -> None:
    draft = day.start()
    hand(day, draft)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda page: visit(day, draft, page), ["sec_profile", "sec_japan"] * 4))
    assert count_visits(day) == 1


def test_company_is_who_else_was_at_the_page_within_two_minutes(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft, label="품질부서")
    visit(day, draft, "grp_areas", link.link_id)
    parts = list_parts(day, draft)
    [other] = find_company(parts, "grp_areas", link_id=OWN_LINK, now=day.now + NEAR - timedelta(seconds=1))
    assert (other.label, other.seen_at) == ("품질부서", day.now)
    assert find_company(parts, "grp_areas", link_id=OWN_LINK, now=day.now + NEAR) == ()
    assert find_company(parts, "sec_profile", link_id=OWN_LINK, now=day.now) == ()
    assert find_company(parts, "grp_areas", link_id=link.link_id, now=day.now) == ()  # oneself is no company
    visit(day, draft, "grp_areas")
    [holder] = find_company(list_parts(day, draft), "grp_areas", link_id=link.link_id, now=day.now)
    assert (holder.link_id, holder.label) == (OWN_LINK, "")


def test_an_ended_link_is_at_no_page(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft)
    visit(day, draft, "grp_areas", link.link_id)
    end(day, draft, link)
    assert find_company(list_parts(day, draft), "grp_areas", link_id=OWN_LINK, now=day.now) == ()


def test_nothing_is_noted_of_a_withdrawn_return(day: FieldworkDay) -> None:
    draft = day.start()
    link = hand(day, draft)
    day.withdraw(draft)
    visit(day, draft, "grp_areas", link.link_id)
    assert count_visits(day) == 0
