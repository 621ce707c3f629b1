"""A round in preparation: changed at will, by one person at a time, and let out only when everything is filled in."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from surveyapp.fieldwork.rounds import (
    Obstacle,
    Round,
    RoundBegun,
    RoundChanged,
    RoundDatesWrong,
    RoundFault,
    RoundKind,
    RoundNotReady,
    RoundPlan,
    RoundUnknown,
    SlugTaken,
    SlugUnusable,
    StateWrong,
    ThresholdsWrong,
    change_plan,
    find_obstacles,
    find_public_round,
    find_round,
    list_versions,
    prepare_round,
    register_questionnaire,
    schedule_round,
    unschedule_round,
)
from surveyapp.fieldwork.sample_rounds import SAMPLE_TEXTS
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience, Thresholds
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.questionnaire.yaml_source import read_questionnaire
from surveyapp.records.audit import list_audit
from surveyapp.records.tables import refusal, round_table
from tests.fieldwork.fieldwork_days import NOW, OPENS, TITLE, WORDS, FieldworkDay

SECOND = timedelta(seconds=1)
FIRST, LAST = NOW + timedelta(days=20), NOW + timedelta(days=40)
ACTOR = "manager@example.org"


@pytest.fixture
def plan(questionnaire: Questionnaire) -> RoundPlan:
    return RoundPlan(
        slug="2027",
        kind="real",
        questionnaire_version=questionnaire.version,
        title=TITLE,
        operator_texts=dict.fromkeys(questionnaire.placeholders, WORDS),
        opens_at=FIRST,
        closes_at=LAST,
        open_link=False,
    )


def prepare(day: FieldworkDay, plan: RoundPlan, **options: Any) -> Round:
    with day.database.write() as connection:
        return prepare_round(connection, day.round.survey_id, plan, actor=ACTOR, now=NOW, **options)


def change(day: FieldworkDay, round_: Round, plan: RoundPlan, seen: str | None = None) -> Round:
    with day.database.write() as connection:
        return change_plan(connection, round_, plan, seen=seen, actor=ACTOR, now=NOW)


def schedule(day: FieldworkDay, round_: Round, *, now: datetime = NOW, **options: Any) -> Round:
    with day.database.write() as connection:
        return schedule_round(connection, round_, actor=ACTOR, now=now, **{"seen": None, **options})


def unschedule(day: FieldworkDay, round_: Round, now: datetime = NOW) -> Round:
    with day.database.write() as connection:
        return unschedule_round(connection, round_, seen=None, actor=ACTOR, now=now)


def load(day: FieldworkDay, slug: str = "2027") -> Round:
    with day.database.read() as reader:
        return find_round(reader, day.round.survey_id, slug)


@pytest.mark.parametrize("moment", [NOW, FIRST, LAST - SECOND, LAST + SECOND])
def test_time_alone_does_not_open_a_round_in_preparation(day: FieldworkDay, plan: RoundPlan, moment: datetime) -> None:
    prepared = prepare(day, plan)
    assert prepared == load(day) and prepared.scheduled_at is None and prepared.counts_companies
    assert prepared.state(moment) == "in_preparation"
    with pytest.raises(RoundUnknown):
        prepared.check_open(moment)
    with day.database.read() as reader:
        with pytest.raises(RoundUnknown):
            find_public_round(reader, prepared.survey_id, "2027", moment)
        assert find_public_round(reader, prepared.survey_id, "2026", moment) == day.round
        assert [event.action for event in list_audit(reader, action="round.prepared")] == ["round.prepared"]


def test_everything_can_be_changed_until_it_is_scheduled(day: FieldworkDay, plan: RoundPlan) -> None:
    prepared = prepare(day, replace(plan, operator_texts={}, title=Text("", "", "")))
    assert set(prepared.operator_texts.values()) == {Text("", "", "")}
    other = replace(
        plan, slug="autumn", kind="trial", closes_at=LAST + SECOND, open_link=True, title=replace(TITLE, en="Autumn")
    )
    changed = change(day, prepared, other, prepared.edition)
    assert RoundPlan.of_round(changed) == other and changed == load(day, "autumn")
    assert not changed.counts_companies, "whoever has the address may answer: returns are counted"
    with day.database.read() as reader:
        [event] = list_audit(reader, action="round.changed")
    assert event.details["changed"] == " ".join(
        ["slug", "kind", "title", "closes_at", "open_link", *day.questionnaire.placeholders]
    )
    change(day, changed, other, changed.edition)
    with day.database.read() as reader:
        assert len(list_audit(reader, action="round.changed")) == 1, "nothing changed, so nothing is told"


def test_a_form_of_an_older_edition_changes_nothing(day: FieldworkDay, plan: RoundPlan) -> None:
    prepared = prepare(day, plan)
    theirs = change(day, prepared, replace(plan, title=replace(TITLE, en="Theirs")), prepared.edition)
    with pytest.raises(RoundChanged) as refusal_:
        change(day, prepared, replace(plan, title=replace(TITLE, en="Mine")), prepared.edition)
    assert refusal_.value.round == theirs == load(day)
    with pytest.raises(RoundChanged):
        schedule(day, prepared, seen=prepared.edition)
    assert schedule(day, prepared, seen=theirs.edition).scheduled_at == NOW


def test_of_two_people_who_save_at_once_one_is_told(day: FieldworkDay, plan: RoundPlan) -> None:
    prepared = prepare(day, plan)
    gate, outcomes = threading.Barrier(2), []

    def save(name: str) -> None:
        gate.wait(10)
        try:
            change(day, prepared, replace(plan, title=replace(TITLE, en=name)), prepared.edition)
            outcomes.append(name)
        except RoundChanged:
            outcomes.append("told")

    people = [threading.Thread(target=save, args=(name,)) for name in ("Kim", "Lee")]
    for person in people:
        person.start()
    for person in people:
        person.join(30)
    assert sorted(outcomes, key=lambda each: each == "told")[1] == "told"
    assert load(day).title.en in outcomes


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"slug": "2026"}, SlugTaken),
        ({"slug": "A b"}, SlugUnusable),
        ({"closes_at": FIRST}, RoundDatesWrong),
        ({"opens_at": FIRST.replace(tzinfo=None)}, RoundDatesWrong),
        ({"questionnaire_version": "0.0.1"}, RoundFault),
    ],
)
def test_a_plan_that_cannot_be_is_refused_whole(
    day: FieldworkDay, plan: RoundPlan, changes: dict[str, Any], fault: type[RoundFault]
) -> None:
    with pytest.raises(fault):
        prepare(day, replace(plan, **changes))
    prepared = prepare(day, plan)
    with pytest.raises(fault):
        change(day, prepared, replace(plan, **changes))
    assert load(day) == prepared


def test_what_is_missing_is_named_all_at_once(day: FieldworkDay, plan: RoundPlan) -> None:
    texts = {
        **plan.operator_texts,
        "operator": replace(WORDS, ja=" "),
        "retention_text": Text("[기관이 정함]", "3 years", "［実施機関が設定］"),
        "privacy_contact": SAMPLE_TEXTS["privacy_contact"],
    }
    past = replace(plan, operator_texts=texts, title=replace(TITLE, en=""), opens_at=NOW - SECOND)
    prepared = prepare(day, past)
    expected = (
        Obstacle("title_missing", languages=("en",)),
        Obstacle("opens_in_the_past"),
        Obstacle("text_unfilled", "operator", ("ja",)),
        Obstacle("text_is_sample", "privacy_contact", ("ko", "en", "ja")),
        Obstacle("text_unfilled", "retention_text", ("ko", "ja")),
    )
    assert find_obstacles(prepared, day.questionnaire, NOW) == expected
    with pytest.raises(RoundNotReady, match=r"operator ja.*privacy_contact ko en ja") as refusal_:
        schedule(day, prepared)
    assert refusal_.value.obstacles == expected
    assert load(day).scheduled_at is None
    over = change(day, prepared, replace(plan, opens_at=OPENS, closes_at=NOW))
    assert find_obstacles(over, day.questionnaire, NOW) == (Obstacle("closes_in_the_past"),)
    assert find_obstacles(over, day.questionnaire, NOW - SECOND) == (Obstacle("opens_in_the_past"),)


@pytest.mark.parametrize(("kind", "allowed"), [("real", False), ("trial", True)])
def test_words_of_the_samples_are_for_trials(
    day: FieldworkDay, plan: RoundPlan, kind: RoundKind, allowed: bool
) -> None:
    samples = {**plan.operator_texts, **SAMPLE_TEXTS}
    prepared = prepare(day, replace(plan, kind=kind, operator_texts=samples))
    if allowed:
        assert schedule(day, prepared).state(FIRST) == "open"
        return
    names = {obstacle.name for obstacle in find_obstacles(prepared, day.questionnaire, NOW)}
    assert names == {"privacy_contact", "retention_text", "retention_contact"}, "the operator's name is its own"
    with pytest.raises(RoundNotReady, match="text is sample"):
        schedule(day, prepared)


def test_a_scheduled_round_opens_and_closes_by_itself(day: FieldworkDay, plan: RoundPlan) -> None:
    scheduled = schedule(day, prepare(day, plan))
    assert scheduled == load(day)
    states = [scheduled.state(moment) for moment in (FIRST - SECOND, FIRST, LAST - SECOND, LAST)]
    assert states == ["not_yet_open", "open", "open", "closed"]
    with day.database.read() as reader:
        [event] = list_audit(reader, action="round.scheduled")
    assert event.actor == ACTOR and event.details["opens_at"] == FIRST.isoformat()
    with pytest.raises(StateWrong):
        schedule(day, scheduled)
    with pytest.raises(StateWrong):
        change(day, scheduled, plan)


def test_a_round_can_open_at_once(day: FieldworkDay, plan: RoundPlan) -> None:
    opened = schedule(day, prepare(day, replace(plan, opens_at=OPENS)), at_once=True)
    assert (opened.opens_at, opened.state(NOW)) == (NOW, "open")
    assert load(day) == opened


def test_a_scheduled_round_goes_back_until_it_opens(day: FieldworkDay, plan: RoundPlan) -> None:
    scheduled = schedule(day, prepare(day, plan))
    back = unschedule(day, scheduled, FIRST - SECOND)
    assert back == load(day) and back.scheduled_at is None
    scheduled = schedule(day, change(day, back, replace(plan, title=replace(TITLE, en="Anew"))))
    with pytest.raises(StateWrong):
        unschedule(day, scheduled, FIRST)
    with pytest.raises(StateWrong):
        unschedule(day, day.round)
    assert load(day) == scheduled


def test_a_round_with_returns_keeps_its_questionnaire_and_stays_out(day: FieldworkDay, plan: RoundPlan) -> None:
    """Returns can be there only where the times were moved, as the command line may; then nothing may be exchanged."""
    source = day.questionnaire.source.replace("version: 1.1.0", "version: 1.2.0")
    with day.database.write() as connection:
        register_questionnaire(connection, read_questionnaire(source), NOW + SECOND)
    day.start()
    of_day = (round_table.c.survey_id == day.round.survey_id) & (round_table.c.round_id == day.round.round_id)
    with day.database.write() as connection:
        connection.execute(update(round_table).where(of_day).values(opens_at=FIRST, closes_at=LAST))
    with pytest.raises(RoundBegun):
        unschedule(day, day.round)
    with day.database.write() as connection:
        connection.execute(update(round_table).where(of_day).values(scheduled_at=None))
        assert [each.version for each in list_versions(connection, day.round.survey_id)] == ["1.2.0", "1.1.0"]
    newer = replace(RoundPlan.of_round(load(day, "2026")), questionnaire_version="1.2.0")
    with pytest.raises(RoundBegun):
        change(day, day.round, newer)
    free = prepare(day, plan)
    assert change(day, free, replace(plan, questionnaire_version="1.2.0")).questionnaire_version == "1.2.0"


def test_a_refusal_counts_as_a_return(day: FieldworkDay, plan: RoundPlan) -> None:
    scheduled = schedule(day, prepare(day, plan))
    with day.database.write() as connection:
        connection.execute(
            insert(refusal).values(
                survey_id=scheduled.survey_id,
                round_id=scheduled.round_id,
                refusal_id="a refusal",
                language="ko",
                refused_at=NOW,
            )
        )
    with pytest.raises(RoundBegun):
        unschedule(day, scheduled)


def test_thresholds_are_copied_and_never_weaker(day: FieldworkDay, plan: RoundPlan) -> None:
    stricter = {**LEAST_THRESHOLDS, Audience.MINISTRY: Thresholds(8, 4, 12, 4)}
    assert prepare(day, plan, thresholds=stricter).thresholds == stricter == load(day).thresholds
    weaker = {**LEAST_THRESHOLDS, Audience.PUBLIC: Thresholds(9, 5, 10, 2)}
    with pytest.raises(ThresholdsWrong, match="public group_base at least 10, public round_count at least 3"):
        prepare(day, replace(plan, slug="weak"), thresholds=weaker)


def test_a_row_that_was_weakened_by_hand_weakens_nothing(day: FieldworkDay) -> None:
    with day.database.write() as connection:
        connection.execute(
            update(round_table).values(thresholds={"ministry": {"group_base": 1, "round_count": 4}, "moon": {}})
        )
    assert load(day, "2026").thresholds == {**LEAST_THRESHOLDS, Audience.MINISTRY: Thresholds(5, 3, 10, 4)}
