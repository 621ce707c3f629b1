"""Random histories of a round against a reader who has one unknown for each version of a return, and tries every world.

Returns come, are edited and withdrawn, and lose their texts, between releases and while one is made. What is released
goes through the memory alone, as it does everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import count
from typing import Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyroaring import FrozenBitMap

from surveyapp.analysis.counts import QuestionCounts, count_question
from surveyapp.analysis.disclosure import Readers, ReleasedQuestion, Told, release_question
from surveyapp.analysis.disclosure.links import Link
from surveyapp.analysis.release_memory import Shown, release_tables
from surveyapp.fieldwork.rounds import find_round
from surveyapp.fieldwork.thresholds import Audience, Thresholds
from surveyapp.questionnaire.model import Stored
from tests.analysis.brute_force import list_worlds
from tests.analysis.returns import NOW, Field

QUESTION, NAMES = "followup", ("followup=yes", "followup=no")
PART = "e1_49"  # the companies of which there is a table of their own
SMALL = dict.fromkeys(Audience, Thresholds(group_base=3, group_count=2, round_base=4, round_count=2))
DAY = timedelta(days=1)
MOST_VERSIONS = 13  # whose worlds can all be tried
MOST_AT_ONCE = 4  # companies that join together

Kind = Literal["join", "edit", "withdraw", "erase_texts"]
Event = tuple[Kind, int, bool, bool]  # which, or how many more than one join; says yes; belongs to the part
Events = list[Event]
Step = tuple[Events, Events]  # before the tables of a release are made, and while they are


class History:
    """A round, and what a reader of all its releases knows of every version of its returns."""

    def __init__(self, field: Field, slug: str, audience: Audience) -> None:
        self.field, self.slug, self.audience = field, slug, audience
        self.round_id = field.add_round(slug)
        self.clock = field.clock = NOW
        self.parts: dict[int, bool] = {}  # returns that were not withdrawn: whether they belong to the part
        self.versions: dict[int, int] = {}  # the present one of each return
        self.told: list[Told] = []
        self._fresh_versions = count(1)

    def count_versions(self) -> int:
        return max(self.versions.values())

    def live(self, events: Events) -> None:
        for kind, place, says_yes, is_of_part in events:
            present = list(self.parts)
            number = present[place % len(present)] if present else None
            if kind == "erase_texts":
                for each in present:
                    self.field.erase_texts(each)
            elif kind == "withdraw" and number is not None:
                self.field.withdraw(number)
                del self.parts[number]
            elif kind == "edit" and number is not None:
                self.field.edit(number, _answer(says_yes=says_yes, is_of_part=self.parts[number]))
                self.versions[number] = next(self._fresh_versions)
            elif kind == "join":
                for _ in range(1 + place % MOST_AT_ONCE):
                    number = self.field.add(self.round_id, _answer(says_yes=says_yes, is_of_part=is_of_part))
                    self.parts[number], self.versions[number] = is_of_part, next(self._fresh_versions)

    def release(self, meanwhile: Events) -> Iterator[tuple[list[Told], list[Told]]]:
        """What the table of the round and then that of the part tell anew: (in all, of it what betrays nobody by the
        rules of a whole round).
        """
        question = self.field.questionnaire.by_name[QUESTION]
        masks = [self.field.mask(self.round_id, filters) for filters in ({}, {"company_size": (PART,)})]
        tables = [count_question(self.field.index, question, mask) for mask in masks]
        versions = dict(self.versions)
        self.field.clock = self.clock + DAY - timedelta(minutes=4)
        self.live(meanwhile)
        self.field.clock = self.clock + DAY
        for is_of_part, counts in enumerate(tables):
            self.clock = self.field.clock + timedelta(seconds=is_of_part)
            shown = self._release(f"question:{QUESTION}:{is_of_part}", counts)
            is_new = shown.since == self.clock
            new = [_rename(told, versions) for told in shown.table.told if is_new and told.answers[0] in NAMES]
            whole = [told for told in new if told.is_exact and told.low in (0, len(told.members)) and not is_of_part]
            yield new, whole

    def _release(self, definition: str, counts: QuestionCounts) -> Shown[ReleasedQuestion]:
        def build(before: Readers) -> ReleasedQuestion:
            return release_question(counts, self.audience, SMALL, before=before)

        with self.field.database.read() as connection:
            round_ = find_round(connection, self.field.survey_id, self.slug)
        return release_tables(
            self.field.database,
            round_,
            self.audience,
            lambda memory: memory.release(definition, ReleasedQuestion, build),
            actor="analyst@example.com",
            now=self.clock,
        )

    def find_answers(self, told: list[Told]) -> dict[tuple[int, str], set[bool]]:
        """Of each version whether it may have given an answer, for a reader who was told this."""
        versions = sorted(FrozenBitMap.union(FrozenBitMap(self.versions.values()), *(each.members for each in told)))
        worlds = list_worlds(versions, NAMES, told, [Link("exactly_one", NAMES, FrozenBitMap(versions))])
        assert worlds, "the truth itself agrees with what is told"
        return {(each, name): {name in world[each] for world in worlds} for each in versions for name in NAMES}


Start = Callable[[Audience], History]


def _answer(*, says_yes: bool, is_of_part: bool) -> Mapping[str, Stored]:
    return {QUESTION: "yes" if says_yes else "no", "company_size": PART if is_of_part else "e1000p"}


def _rename(told: Told, versions: Mapping[int, int]) -> Told:
    members = FrozenBitMap(versions[number] for number in told.members)
    return Told(told.answers, members, told.low, told.high, told.width)


joins = st.tuples(st.just("join"), st.integers(0, MOST_AT_ONCE - 1), st.booleans(), st.booleans())
others = st.tuples(
    st.sampled_from(("edit", "edit", "withdraw", "erase_texts")), st.integers(0, 9), st.booleans(), st.booleans()
)
beginnings = st.lists(joins, min_size=2, max_size=3)
some = st.lists(joins | others, min_size=1, max_size=2)


@pytest.fixture
def start(field: Field) -> Start:
    """A round of its own for each history; a function, for a failing example is printed with what it was given."""
    slugs = count(1)
    return lambda audience: History(field, f"round-{next(slugs)}", audience)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@example(  # one of four that joined the part said yes; after an edit elsewhere, three of six would betray two more
    beginning=[("join", 2, True, False), ("join", 2, False, False)],
    steps=[
        ([("join", 0, True, True), ("join", 2, False, True)], []),
        ([("edit", 5, False, False), ("join", 1, True, True)], []),
    ],
    audience=Audience.MINISTRY,
)
@example(  # all had edited once; then their texts are erased, and one company joins
    beginning=[
        ("join", 2, True, False),
        ("join", 2, False, False),
        *(("edit", place, place < 3, False) for place in range(6)),
    ],
    steps=[([("erase_texts", 0, False, False), ("join", 0, True, False)], [])],
    audience=Audience.MINISTRY,
)
@example(  # one joins, and another edits while the table is made
    beginning=[("join", 2, True, False), ("join", 2, False, False)],
    steps=[([("join", 0, True, False)], [("edit", 0, True, False), ("edit", 5, False, False)])],
    audience=Audience.MINISTRY,
)
@example(  # two edit, and texts are erased while the table is made
    beginning=[("join", 3, False, False), ("join", 0, False, True)],
    steps=[([("edit", 4, True, True), ("edit", 0, True, False)], [("erase_texts", 0, False, False)])],
    audience=Audience.MINISTRY,
)
@example(  # two edit, and edit again while the table is made
    beginning=[("join", 3, False, False), ("join", 0, False, True)],
    steps=[([("edit", 4, True, True), ("edit", 0, True, False)], [("edit", 0, True, False), ("edit", 4, True, True)])],
    audience=Audience.MINISTRY,
)
@given(
    beginning=beginnings,
    steps=st.lists(st.tuples(some, st.just([]) | some), min_size=1, max_size=3),
    audience=st.sampled_from(Audience),
)
def test_no_release_tells_more_of_any_version(
    start: Start, beginning: Events, steps: list[Step], audience: Audience
) -> None:
    """Up to four releases of a table of the round and of one of a part of it."""
    history = start(audience)
    history.live(beginning)
    for before, meanwhile in [([], []), *steps]:
        history.live(before)
        if history.count_versions() > MOST_VERSIONS:
            break
        for new, harmless in history.release(meanwhile):
            earlier = history.find_answers([*history.told, *harmless])
            history.told += new
            for each, possible in history.find_answers(history.told).items():
                assert possible == earlier.get(each, {True, False}), each
