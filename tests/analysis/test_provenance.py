"""Codes of released figures: stable, unique, found however they are typed; and what computing them again comes to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

import pytest
from sqlalchemy import insert, select, update

from surveyapp.analysis.counts import count_question
from surveyapp.analysis.disclosure import (
    Hidden,
    ReleasedAreaCross,
    ReleasedIssueTable,
    ReleasedQuestion,
    ReleasedReadiness,
    release_area_cross,
    release_issue_table,
    release_question,
    release_readiness,
)
from surveyapp.analysis.figure_codes import CodeMalformed, compute_code, digest_table, read_code, write_code
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.provenance import FigureUnknown, Outcome, TracedFigure, find_figures, trace_figures
from surveyapp.analysis.readiness import profile_readiness
from surveyapp.analysis.release_memory import Memory, digest_content, release_tables
from surveyapp.analysis.released_rows import list_figure_rows, read_table, write_path
from surveyapp.analysis.segments import cross_areas
from surveyapp.fieldwork.purging import purge_round
from surveyapp.fieldwork.rounds import Round, find_round
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.questionnaire.model import Stored
from surveyapp.questionnaire.taxonomy import Taxonomy
from surveyapp.records.releases import Release, ReturnChanges, list_releases
from surveyapp.records.tables import release, round_table
from tests.analysis.returns import Field, tick
from tests.database_kinds import run_on_both

__all__ = ["run_on_both"]
NONE: Mapping[str, Stored] = {"ch_areas": ["none"]}
EVERYBODY = tuple(Audience)


class Desk:
    """A round of which every kind of table is released."""

    def __init__(self, field: Field, taxonomy: Taxonomy) -> None:
        self.field, self.taxonomy = field, taxonomy
        self.round_id = field.add_round()

    @property
    def round(self) -> Round:
        with self.field.database.read() as connection:
            return find_round(connection, self.field.survey_id, "2026")

    def release(self, audience: Audience = Audience.MINISTRY) -> None:
        release_tables(
            self.field.database,
            self.round,
            audience,
            lambda memory: self._ask(memory, audience),
            actor="viewer@example.com",
            now=self.now,
        )

    @property
    def now(self) -> datetime:
        return self.field.clock

    def _ask(self, memory: Memory, audience: Audience) -> None:
        field, questionnaire, levels = self.field, self.field.questionnaire, LEAST_THRESHOLDS
        mask = field.mask(self.round_id)
        ranking = rank_issues(field.index, questionnaire, self.taxonomy, mask)
        issues = memory.release(
            "issues",
            ReleasedIssueTable,
            lambda before: release_issue_table(ranking, audience, levels, before=before),
        )
        cross = cross_areas(field.index, questionnaire, mask, "jp_stage")
        memory.release(
            "segments:jp_stage",
            ReleasedAreaCross,
            lambda before: release_area_cross(cross, audience, levels, beside=issues.table.told, before=before),
        )
        profile = profile_readiness(field.index, questionnaire, mask)
        memory.release(
            "readiness", ReleasedReadiness, lambda before: release_readiness(profile, audience, levels, before=before)
        )
        counts = count_question(field.index, questionnaire.by_name["jp_stage"], mask)
        memory.release(
            "question:jp_stage",
            ReleasedQuestion,
            lambda before: release_question(counts, audience, levels, before=before),
        )

    def list_releases(self, *audiences: Audience) -> list[Release]:
        with self.field.database.read() as connection:
            return list_releases(connection, self.field.survey_id, audiences=audiences or EVERYBODY)

    def find_code(self, path: str) -> str:
        """The code of a figure in the newest release of its table."""
        releases = [each for each in self.list_releases() if each.definition == path.split("/")[0]]
        return compute_code(releases[-1].digest, path)

    def trace(self, code: str, *audiences: Audience) -> tuple[TracedFigure, ...]:
        self.field.mask(self.round_id)  # brings the index up to date
        with self.field.database.read() as connection:
            return trace_figures(connection, self.field.index, code, audiences=audiences or EVERYBODY)


@pytest.fixture
def desk(field: Field, taxonomy: Taxonomy) -> Desk:
    desk = Desk(field, taxonomy)
    field.add_many(desk.round_id, [tick("gmp", "reg")] * 9 + [NONE] * 6)
    return desk


@pytest.mark.parametrize(
    "path",
    [
        "issues/gmp/share",
        "issues/*/base",
        "segments:jp_stage/gmp/onmarket",
        "readiness/reg/n",
        "question:jp_stage/onmarket/share",
    ],
)
def test_every_kind_of_figure_is_found_by_its_code_and_comes_out_the_same(desk: Desk, path: str) -> None:
    desk.release()
    [traced] = desk.trace(desk.find_code(path))
    found = traced.found
    assert write_path(found.release.definition, found.row.code, found.named.name) == path
    assert (found.is_intact, traced.again.outcome) == (True, Outcome.SAME)
    assert not traced.again.changes


def test_a_code_follows_from_the_table_that_is_handed_out(desk: Desk) -> None:
    """So that a file needs no release beside its table to print the codes."""
    desk.release()
    [issues] = [each for each in desk.list_releases() if each.definition == "issues"]
    [traced] = desk.trace(desk.find_code("issues/gmp/share"))
    assert digest_table(traced.found.table) == issues.digest  # type: ignore[type-var]


def test_another_release_of_the_table_has_other_codes_and_the_old_ones_stay(desk: Desk) -> None:
    desk.release()
    first = desk.find_code("issues/gmp/share")
    desk.field.add_many(desk.round_id, [tick("gmp", "reg")] * 4 + [NONE] * 4)
    desk.release()
    second = desk.find_code("issues/gmp/share")
    assert first != second
    [old], [new] = desk.trace(first), desk.trace(second)
    assert (old.found.named.figure.count, new.found.named.figure.count) == (9, 13)
    assert old.again.outcome is Outcome.CHANGED
    assert old.again.changes == ReturnChanges(added=8, changed=0, withdrawn=0)
    assert old.again.figure is not None
    assert (old.again.figure.count, old.again.figure.base) == (13, 23)


def test_a_withdrawal_changes_the_answer_and_the_aggregate_still_verifies(desk: Desk) -> None:
    leaver = desk.field.add(desk.round_id, tick("gmp", "reg"))
    desk.release()
    code = desk.find_code("issues/gmp/share")
    desk.field.withdraw(leaver)
    [traced] = desk.trace(code)
    assert traced.found.is_intact
    assert traced.found.named.figure.count == 10
    assert traced.again.outcome is Outcome.CHANGED
    assert traced.again.changes == ReturnChanges(added=0, changed=0, withdrawn=1)
    assert traced.again.figure is not None
    assert (traced.again.figure.count, traced.again.figure.base) == (9, 15)


def test_edited_returns_are_told_apart_from_new_ones_and_from_those_that_came_and_went(desk: Desk) -> None:
    changed = desk.field.add(desk.round_id, NONE)
    desk.release()
    code = desk.find_code("issues/gmp/share")
    desk.field.edit(changed, tick("gmp", "reg"))
    desk.field.withdraw(desk.field.add(desk.round_id, NONE))
    other = desk.field.add_round("another")
    desk.field.add(other, NONE)
    [traced] = desk.trace(code)
    assert traced.again.changes == ReturnChanges(added=0, changed=1, withdrawn=0)
    assert traced.again.outcome is Outcome.CHANGED


def test_a_change_elsewhere_leaves_the_figure_the_same(desk: Desk) -> None:
    changed = desk.field.add(desk.round_id, NONE)
    desk.release()
    code = desk.find_code("issues/gmp/share")
    desk.field.edit(changed, {**NONE, "company_size": "e300_999"})
    [traced] = desk.trace(code)
    assert traced.again.changes == ReturnChanges(added=0, changed=1, withdrawn=0)
    assert traced.again.outcome is Outcome.SAME


def test_when_everybody_has_left_the_frozen_figure_stands(field: Field, taxonomy: Taxonomy) -> None:
    desk = Desk(field, taxonomy)
    numbers = field.add_many(desk.round_id, [tick("gmp", "reg")] * 9 + [NONE] * 6)
    desk.release()
    code = desk.find_code("issues/gmp/share")
    for number in numbers:
        field.withdraw(number)
    [traced] = desk.trace(code)
    assert (traced.again.outcome, traced.again.changes.withdrawn) == (Outcome.GONE, 15)
    assert (traced.found.is_intact, traced.found.named.figure.count) == (True, 9)


def test_a_round_that_was_emptied_has_no_codes_any_more(desk: Desk) -> None:
    desk.release()
    code = desk.find_code("issues/gmp/share")
    with desk.field.database.write() as connection:
        connection.execute(update(round_table).values(kind="trial"))
    purge_round(desk.field.database, desk.field.survey_id, "2026", now=desk.now)
    with pytest.raises(FigureUnknown):
        desk.trace(code)


@pytest.fixture
def costly(field: Field, taxonomy: Taxonomy) -> Desk:
    """Extra cost of an area: 2,000 million KRW at least, of twelve companies that named a range."""
    desk = Desk(field, taxonomy)
    ranges = ("c3", "c3", "c2", "c2", "c3", "c4", "c1", "c0", "c2", "c4", "c3", "c2", "dk")
    field.add_many(desk.round_id, [*(tick("gmp", ch_gmp_cost=each) for each in ranges), *[NONE] * 6])
    return desk


def test_a_sum_has_a_code_and_is_computed_again(costly: Desk) -> None:
    costly.release()
    code = costly.find_code("issues/gmp/cost")
    [traced] = costly.trace(code)
    found = traced.found.named
    assert (found.name, found.figure.value, found.figure.base) == ("cost", Fraction(2_000), 12)
    assert (traced.found.is_intact, traced.again.outcome) == (True, Outcome.SAME)
    costly.field.add(costly.round_id, tick("gmp", ch_gmp_cost="c5"))
    [traced] = costly.trace(code)
    assert traced.again.outcome is Outcome.CHANGED
    assert traced.again.figure is not None
    assert (traced.again.figure.value, traced.again.figure.base) == (Fraction(3_000), 13)


def test_a_table_from_before_there_were_sums_keeps_its_digest_and_codes(costly: Desk) -> None:
    """As it was stored then: without the figure. It is shown again without it, and the next release has it."""
    costly.release()
    [issues] = [each for each in costly.list_releases() if each.definition == "issues"]
    content = {**issues.content, "areas": [dict(row) for row in issues.content["areas"]]}
    assert all(row.pop("cost") is not None for row in content["areas"])
    digest = digest_content(content)
    with costly.field.database.write() as connection:
        old = {"content": content, "digest": digest, "source_digest": digest}
        connection.execute(update(release).where(release.c.definition == "issues").values(old))
    table = read_table("issues", content)
    assert isinstance(table, ReleasedIssueTable)
    assert {row.cost for row in table.areas} == {None}
    assert digest_table(table) == digest
    [traced] = costly.trace(compute_code(digest, "issues/gmp/share"))
    assert (traced.found.is_intact, traced.again.outcome) == (True, Outcome.SAME)
    assert "cost" not in {each.name for each in traced.found.row.figures}
    with pytest.raises(FigureUnknown):
        costly.trace(compute_code(digest, "issues/gmp/cost"))
    costly.release()
    [traced] = costly.trace(costly.find_code("issues/gmp/cost"))
    assert traced.found.named.figure.value == 2_000


def test_a_code_that_two_releases_share_leads_to_both(desk: Desk) -> None:
    """Forty bits may coincide; tables in the same words certainly do, as in a round that repeats another."""
    desk.release()
    code = desk.find_code("issues/gmp/share")
    other = desk.field.add_round("2027")
    with desk.field.database.write() as connection:
        [issues] = connection.execute(select(release).where(release.c.definition == "issues")).mappings().all()
        connection.execute(insert(release).values({**issues, "round_id": other, "release_number": 1}))
    traced = desk.trace(code)
    assert {each.found.release.round_id for each in traced} == {desk.round_id, other}
    assert [(each.found.is_intact, each.found.named.figure.count) for each in traced] == [(True, 9), (True, 9)]


def test_an_altered_table_is_detected(desk: Desk) -> None:
    desk.release()
    code = desk.find_code("issues/gmp/share")
    with desk.field.database.write() as connection:
        content = dict(connection.scalar(select(release.c.content).where(release.c.definition == "issues")) or {})
        place = next(place for place, row in enumerate(content["areas"]) if row["code"] == "gmp")
        content["areas"][place]["share"][1] = 12
        connection.execute(update(release).where(release.c.definition == "issues").values(content=content))
    [traced] = desk.trace(code)
    assert not traced.found.is_intact
    assert traced.again.outcome is Outcome.DIFFERENT


def test_a_table_that_cannot_be_read_is_passed_over(desk: Desk) -> None:
    desk.release()
    code = desk.find_code("readiness/reg/n")
    with desk.field.database.write() as connection:
        connection.execute(update(release).where(release.c.definition == "issues").values(content={"areas": 1}))
    assert len(desk.trace(code)) == 1


def test_a_hidden_figure_has_a_code_and_its_reason(desk: Desk) -> None:
    desk.field.add_many(desk.round_id, [tick("pms")] * 2)
    desk.release()
    [traced] = desk.trace(desk.find_code("issues/pms/share"))
    assert traced.found.named.figure.hidden is Hidden.COUNT_TOO_SMALL
    assert traced.again.outcome is Outcome.SAME


def test_what_was_hidden_for_earlier_releases_is_not_called_changed(desk: Desk) -> None:
    desk.release(Audience.JAPAN)
    desk.field.add(desk.round_id, tick("gmp", "reg"))
    desk.release(Audience.MINISTRY)
    [issues] = [each for each in desk.list_releases(Audience.MINISTRY) if each.definition == "issues"]
    [traced] = desk.trace(compute_code(issues.digest, "issues/gmp/share"))
    assert traced.found.named.figure.hidden is Hidden.RELEASED_BEFORE
    assert (traced.again.outcome, bool(traced.again.changes)) == (Outcome.NOT_COMPARABLE, False)


def test_what_was_released_to_others_is_not_found(desk: Desk) -> None:
    desk.release(Audience.JAPAN)
    code = desk.find_code("issues/gmp/share")
    assert desk.trace(code, Audience.JAPAN)
    with pytest.raises(FigureUnknown):
        desk.trace(code, Audience.MINISTRY)


def test_codes_of_a_survey_are_unique_and_looked_for_in_less_than_a_second(desk: Desk) -> None:
    for _ in range(12):
        desk.field.add_many(desk.round_id, [tick("gmp", "reg")] * 5 + [NONE] * 5)
        desk.release()
    with desk.field.database.read() as connection:
        releases = list_releases(connection, desk.field.survey_id, audiences=EVERYBODY)
    codes = [
        compute_code(each.digest, write_path(each.definition, row.code, named.name))
        for each in releases
        for row in list_figure_rows(read_table(each.definition, each.content))
        for named in row.figures
    ]
    assert len(releases) > 20
    assert len(codes) == len(set(codes)) > 5_000
    started = time.thread_time()
    with desk.field.database.read() as connection, pytest.raises(FigureUnknown):
        find_figures(connection, desk.field.survey_id, "00000000", audiences=EVERYBODY)
    took = time.thread_time() - started
    assert took < 1, f"{len(codes):,} figures of {len(releases)} releases: {took:.3f} s of CPU"


@pytest.mark.parametrize("typed", ["0K7M-1XWZ", "0k7m1xwz", " ok7m - lxwz ", "OK7M-IXWZ", "０Ｋ７Ｍ－１ＸＷＺ"])
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert read_code(typed) == "0K7M1XWZ"
    assert write_code("0K7M1XWZ") == "0K7M-1XWZ"


@pytest.mark.parametrize(
    "typed", ["", "K7QM-3XW", "K7QM-3XW22", "K7QM-3XWU", "가나다라마바사아", "'; DROP--", "A" * 10_000]
)
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(CodeMalformed):
        read_code(typed)


def test_a_code_depends_on_the_digest_and_the_path_alone() -> None:
    assert compute_code("d" * 64, "issues/gmp/share") == "ZXY120XD"
    assert compute_code("d" * 64, "issues/gmp/index") != compute_code("d" * 64, "issues/gmp/share")
