from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from surveyapp.fieldwork.rounds import (
    PlaceholderUnfilled,
    Round,
    RoundClosed,
    RoundDatesWrong,
    RoundFault,
    RoundNotOpen,
    RoundUnknown,
    SlugTaken,
    SlugUnusable,
    VersionTaken,
    change_dates,
    find_round,
    find_round_by_id,
    find_unfilled,
    list_rounds,
    load_questionnaire_of,
    open_round,
    register_questionnaire,
)
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.questionnaire.yaml_source import read_questionnaire
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from tests.fieldwork.fieldwork_days import CLOSES, NOW, OPENS, TITLE, WORDS, FieldworkDay

SECOND = timedelta(seconds=1)


def _open(database: Database, questionnaire: Questionnaire, **changes: Any) -> Round:
    values: dict[str, Any] = {
        "slug": "2027",
        "kind": "real",
        "title": TITLE,
        "operator_texts": dict.fromkeys(questionnaire.placeholders, WORDS),
        "opens_at": OPENS,
        "closes_at": CLOSES,
        "open_link": True,
        "counts_companies": False,
        "now": NOW,
        **changes,
    }
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, NOW)
        return open_round(connection, questionnaire, **values)


def test_a_round_comes_back_as_it_was_opened(day: FieldworkDay) -> None:
    with day.database.read() as reader:
        survey_id = day.round.survey_id
        assert find_round(reader, survey_id, "2026") == day.round
        assert find_round_by_id(reader, survey_id, day.round.round_id) == day.round
        assert load_questionnaire_of(reader, day.round) is day.questionnaire
        with pytest.raises(RoundUnknown):
            find_round(reader, survey_id, "2025")
        with pytest.raises(RoundUnknown):
            find_round_by_id(reader, survey_id, 9)
        with pytest.raises(RoundUnknown):
            find_round(reader, "another survey", "2026")


def test_rounds_are_numbered_and_listed_with_the_latest_first(day: FieldworkDay) -> None:
    earlier = _open(day.database, day.questionnaire, slug="2025", opens_at=OPENS - timedelta(days=365))
    later = _open(day.database, day.questionnaire, slug="2027", opens_at=OPENS + timedelta(days=1))
    assert [day.round.round_id, earlier.round_id, later.round_id] == [1, 2, 3]
    with day.database.read() as reader:
        assert list_rounds(reader, day.round.survey_id) == (later, day.round, earlier)
        assert list_rounds(reader, "another survey") == ()


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (OPENS - SECOND, "not_yet_open"),
        (OPENS, "open"),
        (CLOSES - SECOND, "open"),
        (CLOSES, "closed"),
        (CLOSES + timedelta(days=900), "closed"),
    ],
)
def test_the_state_follows_the_clock(day: FieldworkDay, moment: datetime, state: str) -> None:
    assert day.round.state(moment) == state
    if state == "open":
        day.round.check_open(moment)
    else:
        with pytest.raises(RoundNotOpen if state == "not_yet_open" else RoundClosed) as refusal:
            day.round.check_open(moment)
        assert isinstance(refusal.value, RoundNotOpen | RoundClosed)
        assert refusal.value.round == day.round


def test_changed_dates_are_kept_and_audited(day: FieldworkDay) -> None:
    with day.database.write() as connection:
        closed = change_dates(
            connection, day.round, opens_at=OPENS, closes_at=NOW, actor="manager@example.org", now=NOW
        )
    assert closed.state(NOW) == "closed"
    with day.database.read() as reader:
        assert find_round(reader, day.round.survey_id, "2026") == closed
        changed, opened = list_audit(reader)
    assert (opened.action, opened.actor, opened.round_id) == ("round.opened", "command", 1)
    assert (changed.action, changed.actor) == ("round.dates_changed", "manager@example.org")
    assert changed.details["closes_at"] == NOW.isoformat()
    with pytest.raises(RoundDatesWrong), day.database.write() as connection:
        change_dates(connection, day.round, opens_at=NOW, closes_at=NOW, actor="a", now=NOW)


SAMPLE = Text("[기관이 정함: 담당 부서]", "[set by operator: office]", "[実施機関が設定：担当部署]")


@pytest.mark.parametrize(
    "text",
    [
        SAMPLE,
        replace(WORDS, ko=""),
        replace(WORDS, en=" \n"),
        replace(WORDS, ja=SAMPLE.ja),
        replace(WORDS, ja="［実施機関が設定］"),
        replace(WORDS, ko=" [기관이 정함]\n"),
        replace(WORDS, en="{{privacy_contact}}"),
        None,
    ],
)
def test_a_round_opens_only_with_the_operators_own_words(
    database: Database, questionnaire: Questionnaire, text: Text | None
) -> None:
    texts: dict[str, Text] = dict.fromkeys(questionnaire.placeholders, WORDS)
    for name in ("retention_contact", "privacy_contact"):
        if text is None:
            del texts[name]
        else:
            texts[name] = text
    with pytest.raises(PlaceholderUnfilled) as refusal:
        _open(database, questionnaire, operator_texts=texts)
    assert refusal.value.names == ("privacy_contact", "retention_contact")
    assert "privacy_contact, retention_contact" in str(refusal.value)
    with database.read() as reader:
        assert list_rounds(reader, questionnaire.form_id) == ()


def test_the_questionnaires_own_samples_do_not_count(questionnaire: Questionnaire) -> None:
    assert find_unfilled(questionnaire, questionnaire.placeholders) == (
        "privacy_contact",
        "retention_text",
        "retention_contact",
    )
    assert find_unfilled(questionnaire, {}) == tuple(questionnaire.placeholders)


def test_words_may_have_brackets_inside(database: Database, questionnaire: Questionnaire) -> None:
    words = Text("3년 [법정 기간]", "3 years [as the law says]", "3年［法定期間］まで")
    opened = _open(database, questionnaire, operator_texts=dict.fromkeys(questionnaire.placeholders, words))
    assert set(opened.operator_texts.values()) == {words}


def test_texts_for_unknown_placeholders_are_not_kept(database: Database, questionnaire: Questionnaire) -> None:
    texts = dict.fromkeys([*questionnaire.placeholders, "colour"], WORDS)
    assert set(_open(database, questionnaire, operator_texts=texts).operator_texts) == set(questionnaire.placeholders)


@pytest.mark.parametrize("slug", ["", "A", "가", "a b", "-a", "a-", "a/b", "..", "a" * 65, "a\n"])
def test_a_slug_that_cannot_stand_in_an_address_is_refused(
    database: Database, questionnaire: Questionnaire, slug: str
) -> None:
    with pytest.raises(SlugUnusable):
        _open(database, questionnaire, slug=slug)


@pytest.mark.parametrize("slug", ["a", "7", "a-b", "2026-japan", "a" * 64])
def test_a_slug_that_can_is_taken(database: Database, questionnaire: Questionnaire, slug: str) -> None:
    assert _open(database, questionnaire, slug=slug).slug == slug


def test_a_slug_belongs_to_one_round(day: FieldworkDay) -> None:
    with pytest.raises(SlugTaken):
        _open(day.database, day.questionnaire, slug="2026")


@pytest.mark.parametrize(
    "changes",
    [
        {"closes_at": OPENS},
        {"closes_at": OPENS - SECOND},
        {"opens_at": OPENS.replace(tzinfo=None)},
        {"closes_at": CLOSES.replace(tzinfo=None)},
    ],
)
def test_a_round_needs_a_beginning_before_its_end(
    database: Database, questionnaire: Questionnaire, changes: dict[str, Any]
) -> None:
    with pytest.raises(RoundDatesWrong):
        _open(database, questionnaire, **changes)


def test_a_round_needs_a_title_in_every_language(database: Database, questionnaire: Questionnaire) -> None:
    with pytest.raises(RoundFault, match="title"):
        _open(database, questionnaire, title=replace(TITLE, ja=" "))


def test_a_version_never_changes(day: FieldworkDay) -> None:
    changed = read_questionnaire(day.questionnaire.source.replace("대표적인 어려움 한 가지를", "어려움 한 가지를"))
    assert changed.digest != day.questionnaire.digest
    with pytest.raises(VersionTaken, match="new version"), day.database.write() as connection:
        register_questionnaire(connection, changed, NOW)


def test_each_round_keeps_the_version_that_it_was_opened_with(day: FieldworkDay) -> None:
    source = day.questionnaire.source.replace("version: 1.1.0", "version: 1.2.0")
    source = source.replace("대표적인 어려움 한 가지를", "어려움 한 가지를")
    newer = _open(day.database, read_questionnaire(source), slug="2027")
    with day.database.read() as reader:
        old, new = (load_questionnaire_of(reader, each) for each in (day.round, newer))
        assert new is load_questionnaire_of(reader, find_round(reader, newer.survey_id, "2027"))
    assert (old.version, new.version) == ("1.1.0", "1.2.0")
    assert "대표적인" in old.by_name["ft_case"].label.ko
    assert "대표적인" not in new.by_name["ft_case"].label.ko


def test_registering_twice_changes_nothing(day: FieldworkDay) -> None:
    with day.database.write() as connection:
        register_questionnaire(connection, day.questionnaire, NOW + SECOND)
    with day.database.read() as reader:
        assert list_rounds(reader, day.round.survey_id) == (day.round,)
