"""Releases in the light of all that was released before.

A table that did not change is shown again as it was. A changed one is checked with everything its readers were told;
where that hides more than the last release showed, the last one is shown again in its place, unless the thresholds were
raised since. What is new is remembered, if it really leaves: in a transaction that holds the round, so that no two
releases overlook each other.

Readers: what is given to Japan or the public can be known by all. A release to them must betray nothing to themselves,
nor to the ministry, which knows its own releases besides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from pyroaring import BitMap, FrozenBitMap
from sqlalchemy import Connection

from surveyapp.analysis.disclosure import (
    NOTHING_BEFORE,
    Hidden,
    Readers,
    Released,
    Told,
    count_shown,
    judge_singly,
    list_reasons,
    read_released,
    write_released,
)
from surveyapp.analysis.return_versions import ReturnVersions
from surveyapp.fieldwork.rounds import Round, hold_round
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.records.database import Database
from surveyapp.records.releases import (
    Release,
    ReleasedValue,
    Remembered,
    add_release,
    find_last_number,
    find_last_releases,
    list_changed_returns,
    list_release_moments,
    list_released_values,
)

OPEN_AUDIENCES = (Audience.JAPAN, Audience.PUBLIC)  # what they are given can be known by all

Build = Callable[[Readers], Released]
Result = TypeVar("Result")

_Earlier = tuple[str, int, Told]


@dataclass(frozen=True, slots=True)
class Shown(Generic[Released]):
    """A table as it may be shown now. `since` is when it was released as it is; None: it was not.

    `is_held_back`: the figures have changed since, but a new table would show less. `is_unproven`: the time was too
    short to show that a new one is safe.
    """

    table: Released
    since: datetime | None
    is_held_back: bool = False
    is_unproven: bool = False


@dataclass(frozen=True, slots=True)
class _New:
    """A table that was not released before: what is remembered of it if it leaves."""

    definition: str
    content: Mapping[str, Any]
    source_digest: str
    revision: int
    told: tuple[Told, ...]


class Memory:
    """What was released of a round to an audience, asked for in one transaction. Read when it is needed.

    `now` is given where what is new is going to be remembered: nothing is worked out while the round is held.
    """

    def __init__(
        self, connection: Connection, survey_round: Round, audience: Audience, now: datetime | None = None
    ) -> None:
        self._connection, self._round, self._audience, self._now = connection, survey_round, audience, now
        self.new: list[_New] = []
        self._told_by: dict[int, list[_Earlier]] = {}  # by the revision of the table that is asked for

    def release(self, definition: str, kind: type[Released], build: Build[Released]) -> Shown[Released]:
        """One table as it may be shown now. `definition` is its name: "issues", "segments:jp_stage", …

        `build` makes it, given what each kind of reader was told before.
        """
        with judge_singly():
            draft = build(NOTHING_BEFORE)
        source, revision = self._digest_source(draft), draft.origin.revision
        last = self._last.get(definition)
        again = None if last is None else self._show_again(last, kind, revision)
        if last is not None and again is not None and last.source_digest == source and not again.is_unproven:
            return again
        fresh = build(self.list_readers(revision))
        is_unproven = Hidden.NOT_PROVEN in list_reasons(fresh)
        if last is not None and again is not None:
            if _says_the_same(fresh, again.table):
                return again
            shows_less = is_unproven or count_shown(fresh) < count_shown(again.table)
            if shows_less and not self._is_stricter_than(last.policy):
                return replace(again, is_held_back=True, is_unproven=is_unproven)
        self.new.append(_New(definition, write_released(fresh), source, revision, fresh.told))
        return Shown(fresh, self._now, is_unproven=is_unproven)

    def remember(self, connection: Connection, *, actor: str, now: datetime) -> None:
        """Keep what is new, in a transaction that holds the round."""
        versions = self._load_versions(connection)
        for each in sorted(self.new, key=lambda new: new.revision):
            versions, changed = versions.add(each.revision, now)
            add_release(
                connection,
                survey_id=self._round.survey_id,
                round_id=self._round.round_id,
                audience=self._audience,
                definition=each.definition,
                policy=self._policy,
                content=each.content,
                digests=(digest_content(each.content), each.source_digest),
                revision=each.revision,
                changed=changed.serialize(),
                values=[
                    ReleasedValue(told.answers, BitMap(told.members).serialize(), told.low, told.high, told.width)
                    for told in each.told
                ],
                actor=actor,
                now=now,
            )

    def list_readers(self, revision: int) -> Readers:
        """What each kind of reader of a table of that revision was told before.

        Where a return was changed while the table was made, one who knows that it had not changed before, and one who
        knows that it had.
        """
        own = {self._audience, *OPEN_AUDIENCES}
        kinds = [own] if self._audience is Audience.MINISTRY else [own, {Audience.MINISTRY, *own}]
        guesses = self._versions.list_guesses(revision) if self._values else ()
        tellings = [self._list_told(revision), *(self._read_told(revision, changed) for changed in guesses)]
        return [
            list(dict.fromkeys(told for audience, _, told in every if audience in kind))
            for every in tellings
            for kind in kinds
        ]

    @property
    def _policy(self) -> Mapping[str, int]:
        return asdict(self._round.thresholds[self._audience])

    def _is_stricter_than(self, policy: Mapping[str, int]) -> bool:
        return any(least > policy.get(name, 0) for name, least in self._policy.items())

    @cached_property
    def _last(self) -> Mapping[str, Release]:
        found = find_last_releases(
            self._connection, self._round.survey_id, self._round.round_id, audience=self._audience
        )
        return {each.definition: each for each in found}

    @cached_property
    def _values(self) -> list[Remembered]:
        return list_released_values(self._connection, self._round.survey_id, self._round.round_id)

    @cached_property
    def _versions(self) -> ReturnVersions:
        return self._load_versions(self._connection)

    def _load_versions(self, connection: Connection) -> ReturnVersions:
        of_round = (connection, self._round.survey_id, self._round.round_id)
        moments = list_release_moments(*of_round)
        since = min((each.revision for each in moments), default=0)
        return ReturnVersions(moments, list_changed_returns(*of_round, since=since) if moments else {})

    def _list_told(self, revision: int) -> list[_Earlier]:
        if not self._values:
            return []
        if revision not in self._told_by:
            self._told_by[revision] = self._read_told(revision, self._versions.find_changed(revision))
        return self._told_by[revision]

    def _read_told(self, revision: int, changed: BitMap) -> list[_Earlier]:
        """What was told: (audience, number of the release, what). Versions of returns of which a table of that revision
        does not tell are unknowns of their own, since they may have said something else.
        """
        earlier = self._versions.find_earlier(revision, changed)
        return [
            (each.audience, each.release_number, _tell(each.value, earlier[each.revision]))
            for each in (self._values if earlier else ())
        ]

    def _show_again(self, last: Release, kind: type[Released], revision: int) -> Shown[Released]:
        told = tuple(told for _, number, told in self._list_told(revision) if number == last.number)
        table = replace(read_released(kind, last.content), told=told)
        return Shown(table, last.released_at, is_unproven=Hidden.NOT_PROVEN in list_reasons(table))

    def _digest_source(self, draft: Released) -> str:
        """Of everything that the table depends on: its figures, whom they are about, and the thresholds."""
        content = write_released(draft)
        del content["origin"]["revision"]  # rises with returns of other rounds too
        told = [[each.answers, BitMap(each.members).serialize().hex(), each.low, each.high] for each in draft.told]
        return digest_content([content, told, self._policy])


def _tell(value: ReleasedValue, earlier: Mapping[int, int]) -> Told:
    members = BitMap.deserialize(value.members)
    of_others = members & BitMap(earlier)
    members = members - of_others | BitMap(earlier[number] for number in of_others)
    return Told(value.answers, FrozenBitMap(members), value.low, value.high, value.width)


def _says_the_same(fresh: Released, earlier: Released) -> bool:
    """Whether a reader is told nothing that the earlier release did not tell of the very same returns."""
    contents = [write_released(each) for each in (fresh, earlier)]
    for content in contents:
        del content["origin"]["revision"]
    return contents[0] == contents[1] and set(fresh.told) == set(earlier.told)


def preview_tables(
    database: Database, survey_round: Round, audience: Audience, make: Callable[[Memory], Result]
) -> Result:
    """What would be shown, without anything leaving."""
    with database.read() as connection:
        return make(Memory(connection, survey_round, audience))


def release_tables(
    database: Database,
    survey_round: Round,
    audience: Audience,
    make: Callable[[Memory], Result],
    *,
    actor: str,
    now: datetime,
) -> Result:
    """The tables that `make` asks the memory for, as they leave now; those that are new are remembered.

    `make` may be called again: where somebody else released meanwhile, and where it reads what changes.
    """
    while True:
        with database.read() as connection:
            last = find_last_number(connection, survey_round.survey_id, survey_round.round_id)
            memory = Memory(connection, survey_round, audience, now)
            result = make(memory)
        if not memory.new:
            return result
        with database.write() as connection:
            hold_round(connection, survey_round)
            # Whoever released meanwhile knows more than this one took into account: then everything is asked for anew.
            if find_last_number(connection, survey_round.survey_id, survey_round.round_id) == last:
                memory.remember(connection, actor=actor, now=now)
                return result


def digest_content(content: Any) -> str:
    """SHA-256 of what is released, in hexadecimal; the same for the same content in any order of its names."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
