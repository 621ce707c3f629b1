"""`python -m tests.attacks`, or `make attack`: what an attacker learns from five releases of each sample round.

The rounds fill up: the first 24 companies that answered, then 26, 30, 33 and all. After each the ministry is given the
issue table and the areas by stage, under three policies. The attacker knows who answered when and at which stage each
company is, the thresholds, and everything released so far, and asks the audit what follows. A second table is of a
reader who replays the algorithm on small random tables (`minimality`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import thread_time

from pyroaring import BitMap, FrozenBitMap

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.disclosure import (
    ReleasedAreaCross,
    ReleasedIssueTable,
    Told,
    bind_issues,
    count_shown,
    release_area_cross,
    release_issue_table,
)
from surveyapp.analysis.disclosure.audit import Audit
from surveyapp.analysis.disclosure.issue_tables import name_issue
from surveyapp.analysis.disclosure.knowledge import Sum, tell
from surveyapp.analysis.disclosure.links import Link, write_rows
from surveyapp.analysis.disclosure.problems import Row, Target
from surveyapp.analysis.disclosure.rules import Rules
from surveyapp.analysis.index_refresh import refresh_index
from surveyapp.analysis.issue_questions import NO_DIFFICULTY
from surveyapp.analysis.issue_rows import IssueRanking
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import Mask, build_mask
from surveyapp.analysis.segments import AreaCross, cross_areas
from surveyapp.fieldwork.sample_rounds import create_sample_rounds
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.database import open_database
from surveyapp.records.encryption import Vault
from surveyapp.records.migrations import migrate
from tests.attacks.minimality import write_replay
from tests.conftest import make_settings

MOMENT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
SIZES = (24, 26, 30, 33, 36)
AUDIENCE, THRESHOLDS = Audience.MINISTRY, LEAST_THRESHOLDS
SECONDS = 60.0
TABLES = 100  # small random ones, of each audience, for the reader who replays the algorithm


@dataclass(frozen=True)
class Data:
    """What there is to be released at one moment."""

    ranking: IssueRanking
    cross: AreaCross


@dataclass(frozen=True)
class Given:
    """What was released at one moment: how many shares of areas, and what a reader knows."""

    shown: int
    told: tuple[Told, ...]


Policy = Callable[[Data, Sequence[Given]], Given]


def release_by_rules_alone(data: Data, before: Sequence[Given]) -> Given:
    """Thresholds cell by cell, and nothing else."""
    whole = Rules.of_round(AUDIENCE, THRESHOLDS[AUDIENCE])
    group = whole.for_groups()
    groups, sums = data.ranking.groups, []
    for row in data.ranking.areas:
        reason = whole.find_reason(row.share.count, row.share.base)
        sums.append(Sum((name_issue(row.code),), groups.base, row.share.count, whole, reason))
        for stage in row.by_stage if reason is None else ():
            share, members = stage.share, groups.stages[stage.stage]
            found = group.find_reason(share.count, share.base)
            sums.append(Sum((name_issue(row.code),), members, share.count, group, found))
    for line in data.cross.rows:
        for segment, share in zip(data.cross.segments, line.cells, strict=False):
            found = group.find_reason(share.count, share.base)
            sums.append(Sum((name_issue(line.code),), segment.numbers, share.count, group, found))
    sums = [each for each in sums if each.members]
    reasons = [each.reason for each in sums]
    return Given(reasons.count(None), tuple(tell(sums, reasons)))


def release_alone(data: Data, before: Sequence[Given]) -> Given:
    """Audited, but each release by itself."""
    return _release(data, ())


def release_with_memory(data: Data, before: Sequence[Given]) -> Given:
    """Audited with all before; where that would show less, the last release is given again."""
    given = _release(data, tuple(told for each in before for told in each.told))
    return before[-1] if before and given.shown < before[-1].shown else given


def _release(data: Data, told: tuple[Told, ...]) -> Given:
    table = release_issue_table(data.ranking, AUDIENCE, THRESHOLDS, before=(told,))
    links = bind_issues(data.ranking)
    cross = release_area_cross(data.cross, AUDIENCE, THRESHOLDS, beside=table.told, links=links, before=(told,))
    return Given(count_areas(table, cross), (*table.told, *cross.told))


def count_areas(table: ReleasedIssueTable, cross: ReleasedAreaCross) -> int:
    """Shares of areas in all, by stage and by segment that are shown."""
    shares = [row.share for row in table.areas] + [each for row in table.areas for _, each in row.by_stage]
    return sum(each.hidden is None for each in shares) + count_shown(cross)


POLICIES: tuple[tuple[str, Policy], ...] = (
    ("thresholds alone", release_by_rules_alone),
    ("each release audited by itself", release_alone),
    ("audited with all before", release_with_memory),
)


@dataclass(frozen=True)
class Loot:
    """What the attacker learns: hidden counts, and answers of single companies, that have one value only."""

    counts: int
    answers: int
    companies: int


def attack(told: Sequence[Told], ranking: IssueRanking) -> Loot:
    """What follows from everything told of "none", areas and problems, and from the rules that bind them.

    One division of the companies for all answers, as plainly as it can be written. No loot is what is told of all
    companies of a count (none of them, all of them), nor that an issue was not named by whom it cannot concern.
    """
    impossible = find_impossible(ranking)
    known = [
        Told(
            each.answers,
            FrozenBitMap(each.members - impossible.get(each.answers, BitMap())),
            each.low,
            each.high,
            each.width,
        )
        for each in dict.fromkeys(told)
    ]
    links = list_rules(ranking)
    known = [each for each in known if each.members and not each.answers[0].endswith(":summaries")]
    names = sorted(
        {name for answers in [*(each.answers for each in known), *(link.answers for link in links)] for name in answers}
    )
    groups = split_groups([*(each.members for each in known), *(link.members for link in links)])
    sizes = [len(members) for members in groups for _ in names]

    def find_unknowns(answers: Sequence[str], members: FrozenBitMap) -> tuple[int, ...]:
        inside = [place for place, group in enumerate(groups) if group.issubset(BitMap(members))]
        return tuple(place * len(names) + names.index(name) for place in inside for name in answers)

    rows = [Row(find_unknowns(each.answers, each.members), each.low, each.high) for each in known]
    for link in links:
        for group in groups:
            if group.issubset(BitMap(link.members)):
                held = FrozenBitMap(group)
                rows += write_rows(link, len(group), {name: find_unknowns((name,), held) for name in link.answers})
    told_of_all = {
        unknown
        for each in known
        if each.is_exact and each.low in (0, len(each.members))
        for unknown in find_unknowns(each.answers, each.members)
    }
    hidden = [Target(find_unknowns(each.answers, each.members), 1) for each in known if each.width]
    hidden = [target for target in hidden if not told_of_all.issuperset(target.unknowns)]
    covered = {unknown for each in known for unknown in find_unknowns(each.answers, each.members)}
    single = [Target((unknown,), at_most=sizes[unknown] - 1, at_least=1) for unknown in sorted(covered - told_of_all)]
    betrayed = Audit(sizes, rows, [*hidden, *single], thread_time() + SECONDS).find_betrayed()
    found = [
        target.unknowns[0] for place in betrayed if place >= len(hidden) for target in [single[place - len(hidden)]]
    ]
    companies = BitMap().union(*(groups[unknown // len(names)] for unknown in found))
    return Loot(sum(place < len(hidden) for place in betrayed), sum(sizes[each] for each in found), len(companies))


def find_impossible(ranking: IssueRanking) -> dict[tuple[str, ...], BitMap]:
    """By issue, the companies that it cannot concern."""
    groups, found = ranking.groups, dict[tuple[str, ...], BitMap]()
    for row in (*ranking.areas, *ranking.leaves):
        area = row.parent or row.code
        if groups.concerned.get(area) and area not in groups.outside:
            found[(name_issue(row.code),)] = BitMap(groups.base - groups.concerned[area])
    return found


def list_rules(ranking: IssueRanking) -> list[Link]:
    """None or an area, and no problem outside its area."""
    areas = [row.code for row in ranking.areas]
    rules = [Link("none_or_any", tuple(map(name_issue, (NO_DIFFICULTY, *areas))), ranking.groups.base)]
    for area in areas:
        leaves = [row.code for row in ranking.list_leaves(area)]
        rules.append(Link("parts_of_whole", tuple(map(name_issue, (area, *leaves))), ranking.groups.leaf_bases[area]))
    return rules


def split_groups(sets: Sequence[FrozenBitMap]) -> list[BitMap]:
    """Companies that stand in the same sets."""
    inside: dict[int, list[int]] = {}
    for place, members in enumerate(sets):
        for company in members:
            inside.setdefault(company, []).append(place)
    groups: dict[tuple[int, ...], BitMap] = {}
    for company, places in inside.items():
        groups.setdefault(tuple(places), BitMap()).add(company)
    return list(groups.values())


def read_rounds(questionnaire: Questionnaire) -> Iterator[tuple[str, list[Data]]]:
    """Each sample round as it was after each of the sizes."""
    with TemporaryDirectory() as folder:
        settings = make_settings(Path(folder))
        database = open_database(settings.database_url)
        migrate(database)
        create_sample_rounds(database, Vault(settings.vault_keys, settings.lookup_key), questionnaire, now=MOMENT)
        with database.read() as connection:
            index = refresh_index(AnswerIndex(questionnaire.form_id), connection, lambda version: questionnaire)
        database.close()
    for name, round_id in zip(("earlier sample round", "later sample round"), sorted(index.rounds), strict=True):
        whole = build_mask(index, questionnaire, round_id)
        yield name, [read_data(index, questionnaire, whole, size) for size in SIZES]


def read_data(index: AnswerIndex, questionnaire: Questionnaire, whole: Mask, size: int) -> Data:
    # The revision keeps what is counted here out of what the index remembers of whole rounds.
    mask = Mask(replace(whole.origin, revision=-size), BitMap(sorted(whole.numbers)[:size]))
    return Data(
        rank_issues(index, questionnaire, load_taxonomy(), mask),
        cross_areas(index, questionnaire, mask, "jp_stage"),
    )


def build_report() -> str:
    questionnaire = load_builtin_questionnaire()
    lines = [
        "| round | policy | shares of areas shown, release by release | hidden counts | answers | of companies |",
        "|---|---|---|---|---|---|",
    ]
    for name, moments in read_rounds(questionnaire):
        for policy, release in POLICIES:
            given: list[Given] = []
            for data in moments:
                given.append(release(data, given))
            loot = attack([told for each in given for told in each.told], moments[-1].ranking)
            shown = ", ".join(str(each.shown) for each in given)
            lines.append(f"| {name} | {policy} | {shown} | {loot.counts} | {loot.answers} | {loot.companies} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(build_report() + "\n\n" + write_replay(TABLES) + "\n")
