"""What was released is remembered, shown again as it was, and read together with what comes after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from surveyapp.analysis.counts import count_question
from surveyapp.analysis.disclosure import (
    Hidden,
    Readers,
    ReleasedAreaCross,
    ReleasedFigure,
    ReleasedIssueTable,
    ReleasedQuestion,
    ReleasedReadiness,
    StoredReleaseFaulty,
    limit_time,
    read_released,
    release_area_cross,
    release_issue_table,
    release_question,
    release_readiness,
    write_released,
)
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.readiness import profile_readiness
from surveyapp.analysis.release_memory import Memory, Shown, preview_tables, release_tables
from surveyapp.analysis.segments import cross_areas
from surveyapp.fieldwork.purging import purge_round
from surveyapp.fieldwork.rounds import Round, find_round
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience, write_thresholds
from surveyapp.questionnaire.model import Stored
from surveyapp.questionnaire.taxonomy import Taxonomy
from surveyapp.records.releases import Release, find_last_releases
from surveyapp.records.tables import release, released_value, round_table
from tests.analysis.returns import NOW, Field, tick

PATIENCE = 60.0  # seconds
NONE: Mapping[str, Stored] = {"ch_areas": ["none"]}
MINISTRY, JAPAN, PUBLIC = Audience
Ask = Callable[[Memory], Shown[ReleasedIssueTable]]


class Desk:
    """A round whose issue table is released again and again."""

    def __init__(self, field: Field, taxonomy: Taxonomy) -> None:
        self.field, self.taxonomy = field, taxonomy
        self.round_id = field.add_round()
        self.clock = NOW

    @property
    def round(self) -> Round:
        with self.field.database.read() as connection:
            return find_round(connection, self.field.survey_id, "2026")

    def make(self, audience: Audience) -> Ask:
        mask = self.field.mask(self.round_id)
        ranking = rank_issues(self.field.index, self.field.questionnaire, self.taxonomy, mask)
        thresholds = self.round.thresholds
        return lambda memory: memory.release(
            "issues",
            ReleasedIssueTable,
            lambda before: release_issue_table(ranking, audience, thresholds, before=before),
        )

    def release(self, audience: Audience = MINISTRY, ask: Ask | None = None) -> Shown[ReleasedIssueTable]:
        """As the returns are now, or as they were when `make` was called."""
        self.field.clock = self.clock = self.clock + timedelta(days=1)  # whatever is changed next is changed later
        return release_tables(
            self.field.database,
            self.round,
            audience,
            ask or self.make(audience),
            actor="analyst@example.com",
            now=self.clock,
        )

    def list_readers(self, audience: Audience) -> Readers:
        with self.field.database.read() as connection:
            return Memory(connection, self.round, audience).list_readers(self.field.refresh().revision)

    def count_releases(self) -> int:
        with self.field.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(release)) or 0

    def find_last(self, audience: Audience = MINISTRY) -> Release:
        with self.field.database.read() as connection:
            [found] = find_last_releases(connection, self.field.survey_id, self.round_id, audience=audience)
        return found


@pytest.fixture
def desk(field: Field, taxonomy: Taxonomy) -> Desk:
    return Desk(field, taxonomy)


def find_share(shown: Shown[ReleasedIssueTable], code: str) -> ReleasedFigure:
    return next(row.share for row in shown.table.areas if row.code == code)


def find_gmp(shown: Shown[ReleasedIssueTable]) -> ReleasedFigure:
    return find_share(shown, "gmp")


def fill(desk: Desk, named: int, others: int) -> None:
    desk.field.add_many(desk.round_id, [tick("gmp", "reg")] * named + [NONE] * others)


def test_a_first_release_is_remembered_with_all_that_it_says(desk: Desk) -> None:
    fill(desk, 9, 6)
    shown = desk.release()
    assert shown.since == desk.clock
    assert (find_gmp(shown).count, find_gmp(shown).base) == (9, 15)
    kept = desk.find_last()
    assert (kept.number, kept.audience, kept.definition, kept.actor) == (1, "ministry", "issues", "analyst@example.com")
    assert kept.policy == {"group_base": 5, "group_count": 3, "round_base": 10, "round_count": 3}
    assert (kept.revision, kept.released_at) == (shown.table.origin.revision, desk.clock)
    assert read_released(ReleasedIssueTable, kept.content) == shown.table
    with desk.field.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(released_value)) == len(shown.table.told)


def test_the_same_figures_are_released_again_freely(desk: Desk) -> None:
    fill(desk, 9, 6)
    first = desk.release()
    other = desk.field.add_round("another")
    desk.field.add(other, NONE)  # the revision of the survey rises
    again = desk.release()
    assert again.table == first.table
    assert set(again.table.told) == set(first.table.told)
    assert again.since == desk.find_last().released_at
    assert desk.count_releases() == 1


@pytest.mark.parametrize("joins", [tick("gmp", "reg"), NONE], ids=["named it", "did not"])
def test_one_company_that_joins_is_not_told_by_subtraction(desk: Desk, joins: Mapping[str, Stored]) -> None:
    fill(desk, 9, 6)
    first = desk.release()
    desk.field.add(desk.round_id, joins)
    shown = desk.release()
    assert shown.table == first.table, "the last release is shown again in place of one that would hide more"
    assert shown.since is not None
    assert shown.since < desk.clock
    assert desk.count_releases() == 1
    readers = desk.list_readers(MINISTRY)
    mask = desk.field.mask(desk.round_id)
    ranking = rank_issues(desk.field.index, desk.field.questionnaire, desk.taxonomy, mask)
    fresh = release_issue_table(ranking, MINISTRY, LEAST_THRESHOLDS, before=readers)
    assert next(row for row in fresh.areas if row.code == "gmp").share.hidden is Hidden.RELEASED_BEFORE


def test_when_enough_have_joined_the_new_table_is_released(desk: Desk) -> None:
    fill(desk, 9, 6)
    desk.release()
    fill(desk, 4, 4)
    shown = desk.release()
    assert shown.since == desk.clock
    assert (find_gmp(shown).count, find_gmp(shown).base) == (13, 23)
    assert desk.count_releases() == 2


def test_a_company_that_withdrew_is_not_told_either(desk: Desk) -> None:
    fill(desk, 9, 6)
    leaver = desk.field.add(desk.round_id, tick("gmp", "reg"))
    first = desk.release()
    desk.field.withdraw(leaver)
    shown = desk.release()
    assert shown.table == first.table
    assert shown.since is not None
    assert shown.since < desk.clock


def test_nor_one_that_changed_its_answer(desk: Desk) -> None:
    fill(desk, 9, 6)
    changed = desk.field.add(desk.round_id, NONE)
    first = desk.release()
    desk.field.edit(changed, tick("gmp", "reg"))
    shown = desk.release()
    assert shown.table == first.table, "ten in place of nine of the same sixteen: one has changed from no to yes"


def raise_thresholds(desk: Desk, **raised: int) -> None:
    thresholds = {**LEAST_THRESHOLDS, MINISTRY: replace(LEAST_THRESHOLDS[MINISTRY], **raised)}
    with desk.field.database.write() as connection:
        connection.execute(update(round_table).values(thresholds=write_thresholds(thresholds)))


def test_raised_thresholds_take_effect_on_what_was_released(desk: Desk) -> None:
    desk.field.add_many(desk.round_id, [tick("gmp")] * 4 + [tick("reg")] * 10 + [NONE] * 10)
    assert find_gmp(desk.release()).count == 4
    raise_thresholds(desk, round_count=8)
    shown = desk.release()
    assert find_gmp(shown).hidden is not None and not shown.is_held_back
    assert find_share(shown, "reg").count == 10
    assert desk.release().since == shown.since, "it is the last release from now on"
    desk.field.add(desk.round_id, tick("reg"))
    assert desk.release().is_held_back
    raise_thresholds(desk, round_count=3)
    assert desk.release().is_held_back, (
        "lower ones show what was shown before, and the company that joined would be told"
    )


def test_what_was_not_checked_in_time_is_checked_again(desk: Desk) -> None:
    """Where raised thresholds released it with all hidden, and what it is made of has not changed."""
    fill(desk, 9, 6)
    desk.release()
    raise_thresholds(desk, round_count=4)
    fill(desk, 4, 4)
    mask = desk.field.mask(desk.round_id)
    ranking = rank_issues(desk.field.index, desk.field.questionnaire, desk.taxonomy, mask)

    def build(before: Readers, seconds: float) -> ReleasedIssueTable:
        with limit_time(seconds if any(before) else PATIENCE):
            return release_issue_table(ranking, MINISTRY, desk.round.thresholds, before=before)

    def ask(seconds: float) -> Ask:
        return lambda memory: memory.release("issues", ReleasedIssueTable, lambda before: build(before, seconds))

    for _ in range(2):
        shown = desk.release(ask=ask(0))
        assert find_gmp(shown).hidden is Hidden.NOT_PROVEN and shown.is_unproven and not shown.is_held_back
        assert desk.count_releases() == 2
    shown = desk.release(ask=ask(PATIENCE))
    assert (find_gmp(shown).count, shown.is_unproven) == (13, False)


def test_what_japan_was_given_can_be_known_by_all(desk: Desk) -> None:
    fill(desk, 9, 6)
    desk.release(JAPAN)
    desk.field.add(desk.round_id, tick("gmp", "reg"))
    assert find_gmp(desk.release(MINISTRY)).hidden is Hidden.RELEASED_BEFORE
    assert find_gmp(desk.release(PUBLIC)).hidden is Hidden.RELEASED_BEFORE


def test_what_the_ministry_was_given_is_not_known_in_japan_but_to_the_ministry(desk: Desk) -> None:
    fill(desk, 9, 6)
    desk.release(MINISTRY)
    desk.field.add(desk.round_id, tick("gmp", "reg"))
    own, ministry = desk.list_readers(JAPAN)
    assert not own
    assert ministry
    # The ministry could subtract its own figure from the one given to Japan.
    assert find_gmp(desk.release(JAPAN)).hidden is Hidden.RELEASED_BEFORE


def test_a_preview_remembers_nothing(desk: Desk) -> None:
    fill(desk, 9, 6)
    shown = preview_tables(desk.field.database, desk.round, MINISTRY, desk.make(MINISTRY))
    assert (shown.since, find_gmp(shown).count) == (None, 9)
    assert desk.count_releases() == 0


def test_releases_at_the_same_moment_come_one_after_another(desk: Desk) -> None:
    fill(desk, 9, 6)
    round_, database, make = desk.round, desk.field.database, desk.make(MINISTRY)

    def release_once(place: int) -> Shown[ReleasedIssueTable]:
        return release_tables(database, round_, MINISTRY, make, actor=f"analyst-{place}@example.com", now=NOW)

    with ThreadPoolExecutor(4) as threads:
        shown = list(threads.map(release_once, range(4)))
    assert len({find_gmp(each).count for each in shown}) == 1
    assert desk.count_releases() == 1


def test_an_empty_round_releases_that_it_is_empty(desk: Desk) -> None:
    shown = desk.release()
    assert shown.table.base.hidden is Hidden.BASE_TOO_SMALL
    assert read_released(ReleasedIssueTable, desk.find_last().content) == shown.table


def test_every_kind_of_table_is_read_as_it_was_written(desk: Desk) -> None:
    fill(desk, 12, 8)
    field, mask = desk.field, desk.field.mask(desk.round_id, {})
    cross = release_area_cross(cross_areas(field.index, field.questionnaire, mask, "jp_stage"), JAPAN, LEAST_THRESHOLDS)
    assert read_released(ReleasedAreaCross, write_released(cross)) == cross
    ready = release_readiness(profile_readiness(field.index, field.questionnaire, mask), PUBLIC, LEAST_THRESHOLDS)
    assert read_released(ReleasedReadiness, write_released(ready)) == ready
    for question in field.questionnaire.questions_in("answers"):
        one = release_question(count_question(field.index, question, mask), MINISTRY, LEAST_THRESHOLDS)
        assert read_released(ReleasedQuestion, write_released(one)) == one


@pytest.mark.parametrize("content", [{}, {"audience": "everyone"}, {"audience": "japan", "secret": 1}])
def test_what_is_no_released_table_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(StoredReleaseFaulty):
        read_released(ReleasedIssueTable, content)


def test_a_purged_round_forgets_what_was_released(field: Field, taxonomy: Taxonomy) -> None:
    desk = Desk(field, taxonomy)
    fill(desk, 9, 6)
    desk.release()
    with field.database.write() as connection:
        connection.execute(update(round_table).values(kind="trial"))
    purge_round(field.database, field.survey_id, "2026", now=NOW)
    assert desk.count_releases() == 0
    with field.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(released_value)) == 0
