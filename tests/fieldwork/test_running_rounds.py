"""What staff do with a round that was scheduled: extend, close, reopen with a reason, switch the open link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from surveyapp.fieldwork.rounds import (
    ReasonMissing,
    Round,
    RoundChanged,
    RoundClosed,
    RoundDatesWrong,
    RoundFictional,
    StateWrong,
    ThresholdsWrong,
    change_thresholds,
    close_round,
    extend_round,
    find_round,
    reopen_round,
    switch_open_link,
)
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience, Thresholds
from surveyapp.records.audit import AuditEvent, list_audit
from tests.fieldwork.fieldwork_days import CLOSES, NOW, OPENS, FieldworkDay

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
ACTOR = "manager@example.org"
REASON = "식약처 요청으로 5개사가 더 참여합니다."


def run(day: FieldworkDay, deed: Callable[..., Round], *values: Any, now: datetime = NOW, **options: Any) -> Round:
    with day.database.write() as connection:
        return deed(connection, day.round, *values, actor=ACTOR, now=now, **{"seen": None, **options})


def load(day: FieldworkDay) -> Round:
    with day.database.read() as reader:
        return find_round(reader, day.round.survey_id, day.round.slug)


def read_trail(day: FieldworkDay, action: str) -> list[AuditEvent]:
    with day.database.read() as reader:
        return list(list_audit(reader, action=action))


def test_an_open_round_is_extended(day: FieldworkDay) -> None:
    extended = run(day, extend_round, closes_at=CLOSES + DAY)
    assert extended == load(day)
    assert (extended.state(CLOSES), extended.state(CLOSES + DAY)) == ("open", "closed")
    [event] = read_trail(day, "round.extended")
    assert (event.actor, event.details["closes_at"]) == (ACTOR, (CLOSES + DAY).isoformat())


def test_a_round_is_extended_before_it_opens_too(day: FieldworkDay) -> None:
    assert run(day, extend_round, closes_at=CLOSES + DAY, now=OPENS - DAY).closes_at == CLOSES + DAY


@pytest.mark.parametrize(
    ("deed", "values", "moment", "fault"),
    [
        (extend_round, {"closes_at": CLOSES}, NOW, RoundDatesWrong),
        (extend_round, {"closes_at": CLOSES - SECOND}, NOW, RoundDatesWrong),
        (extend_round, {"closes_at": (CLOSES + DAY).replace(tzinfo=None)}, NOW, RoundDatesWrong),
        (extend_round, {"closes_at": CLOSES + DAY}, CLOSES, StateWrong),
        (close_round, {}, CLOSES, StateWrong),
        (close_round, {}, OPENS - SECOND, StateWrong),
        (close_round, {}, OPENS, RoundDatesWrong),
        (reopen_round, {"closes_at": CLOSES + DAY, "reason": REASON}, NOW, StateWrong),
        (reopen_round, {"closes_at": CLOSES + DAY, "reason": REASON}, OPENS - SECOND, StateWrong),
        (reopen_round, {"closes_at": CLOSES + DAY, "reason": " \n"}, CLOSES, ReasonMissing),
        (reopen_round, {"closes_at": CLOSES + DAY, "reason": "가" * 501}, CLOSES, ReasonMissing),
        (reopen_round, {"closes_at": CLOSES, "reason": REASON}, CLOSES, RoundDatesWrong),
        (reopen_round, {"closes_at": (CLOSES + DAY).replace(tzinfo=None), "reason": REASON}, CLOSES, RoundDatesWrong),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    day: FieldworkDay, deed: Callable[..., Round], values: dict[str, Any], moment: datetime, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        run(day, deed, now=moment, **values)
    assert load(day) == day.round
    assert [event.action for event in read_trail(day, "round.opened")] == ["round.opened"]
    with day.database.read() as reader:
        assert len(list_audit(reader)) == 1


@pytest.mark.parametrize(
    ("deed", "options", "now"),
    [
        (extend_round, {"closes_at": CLOSES + DAY}, NOW),
        (reopen_round, {"closes_at": CLOSES + DAY, "reason": REASON}, CLOSES),
        (switch_open_link, {"open_link": True}, NOW),
    ],
)
def test_no_company_is_let_into_a_sample_round(
    day: FieldworkDay, deed: Callable[..., Round], options: dict[str, Any], now: datetime
) -> None:
    day.round = replace(day.round, kind="sample")
    before = load(day)
    with pytest.raises(RoundFictional, match="is fictional"):
        run(day, deed, now=now, **options)
    assert load(day) == before


def test_one_that_was_opened_is_closed_again(day: FieldworkDay) -> None:
    day.round = replace(day.round, kind="sample")
    assert run(day, switch_open_link, open_link=False).open_link is False
    assert run(day, close_round).closes_at == NOW


def test_a_round_closes_now_and_is_reopened_with_its_reason(day: FieldworkDay) -> None:
    closed = run(day, close_round)
    assert (closed.state(NOW - SECOND), closed.state(NOW)) == ("open", "closed")
    with pytest.raises(RoundClosed):
        load(day).check_open(NOW)
    reopened = run(day, reopen_round, closes_at=NOW + DAY, reason=f"  {REASON}\n", now=NOW + SECOND)
    assert reopened == load(day)
    assert (reopened.state(NOW + SECOND), reopened.state(NOW + DAY)) == ("open", "closed")
    [event] = read_trail(day, "round.reopened")
    assert event.details["reason"] == REASON and event.actor == ACTOR
    assert len(read_trail(day, "round.closed")) == 1


def test_the_open_link_is_switched_once(day: FieldworkDay) -> None:
    switched = run(day, switch_open_link, open_link=False)
    assert not switched.open_link and switched == load(day)
    assert switched.counts_companies == day.round.counts_companies, "what was counted stays counted"
    run(day, switch_open_link, open_link=False)
    [event] = read_trail(day, "round.open_link_switched")
    assert event.details == {"open_link": False}


def test_thresholds_are_audited_audience_by_audience(day: FieldworkDay) -> None:
    stricter = {**LEAST_THRESHOLDS, Audience.JAPAN: Thresholds(12, 6, 15, 5)}
    assert run(day, change_thresholds, stricter).thresholds == stricter == load(day).thresholds
    [event] = read_trail(day, "round.thresholds_changed")
    assert event.details == {
        "audience": "japan",
        "group_base": 12,
        "group_count": 6,
        "round_base": 15,
        "round_count": 5,
    }
    for wrong in (
        Thresholds(9, 5, 10, 3),
        Thresholds(10, 4, 10, 3),
        Thresholds(10, 5, 9, 3),
        Thresholds(1000, 5, 10, 3),
    ):
        with pytest.raises(ThresholdsWrong, match="public"):
            run(day, change_thresholds, {**LEAST_THRESHOLDS, Audience.PUBLIC: wrong})
    assert run(day, change_thresholds, LEAST_THRESHOLDS) == day.round == load(day)


@pytest.mark.parametrize(
    ("deed", "values"),
    [
        (extend_round, {"closes_at": CLOSES + 2 * DAY}),
        (close_round, {}),
        (switch_open_link, {"open_link": False}),
        (change_thresholds, {"thresholds": LEAST_THRESHOLDS}),
    ],
)
def test_of_two_managers_the_second_is_told_what_the_first_did(
    day: FieldworkDay, deed: Callable[..., Round], values: dict[str, Any]
) -> None:
    seen = day.round.edition
    first = run(day, extend_round, closes_at=CLOSES + DAY, seen=seen)
    with pytest.raises(RoundChanged) as told:
        run(day, deed, seen=seen, **values)
    assert told.value.round == first == load(day)
