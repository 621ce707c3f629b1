"""De-identified files in the light of those that left before: decided, and remembered before a byte is written.

A file that could not be written in the end, or that nobody fetched, is remembered all the same: that costs later files
something and tells nobody anything, while one that was forgotten would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pyroaring import BitMap
from sqlalchemy import Connection

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.deidentification import (
    Deidentification,
    deidentify,
    describe_file,
    describe_rules,
    read_levels,
)
from surveyapp.analysis.file_groups import NEW, NO_FILES, EarlierFiles, Trail
from surveyapp.analysis.release_memory import digest_content
from surveyapp.analysis.telling_questions import Level
from surveyapp.fieldwork.consent_records import find_nameless
from surveyapp.fieldwork.directory.known_names import list_known_names
from surveyapp.fieldwork.erasing import count_erased
from surveyapp.fieldwork.left_files import LeftFile, list_left_files
from surveyapp.fieldwork.rounds import Round, hold_round
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.roll_ups import load_roll_ups
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.deidentified_files import (
    DeidentifiedFile,
    Edit,
    add_deidentified_file,
    find_last_file_number,
    list_deidentified_files,
    list_edits,
)

# An edit's time is taken before its transaction begins, on the clock of its server. One that is so much older than a
# file was in it: no transaction lasts as long, and clocks of servers that are kept right differ by less.
_SURELY_BEFORE = timedelta(minutes=15)
# A file's time is taken a little before its returns are read. An edit that is so much younger was not in it.
_SURELY_AFTER = timedelta(minutes=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_NAMING = frozenset({"identity", "contacts"})  # kinds of data by which what names a company is taken out of its texts


class FileOvertaken(Exception):
    """Another file left meanwhile, with returns that are newer than those this one is made from."""


@dataclass(frozen=True, slots=True)
class FileGround:
    """A round as one reading transaction sees it: what decides about a file, and what its lines are read from."""

    connection: Connection
    survey_round: Round
    questionnaire: Questionnaire
    index: AnswerIndex

    @property
    def counted(self) -> BitMap:
        return self.index.of_round(self.survey_round.round_id)

    @property
    def k(self) -> int:
        """Companies of a combination, at least."""
        return self.survey_round.thresholds[Audience.MINISTRY].group_base


def preview_file(ground: FileGround) -> Deidentification:
    """What a file would hold now, without anything leaving."""
    return _decide(ground, _list_files(ground.connection, ground.survey_round))


def list_forgotten_files(connection: Connection, survey_round: Round, now: datetime) -> list[LeftFile]:
    """De-identified files of the round that stand in the audit trail alone: no later one is made with them in view.

    They were given out by a version of the program that did not remember files. Those of a round that was purged since
    hold none of its returns.
    """
    survey_id, round_id = survey_round.survey_id, survey_round.round_id
    files = _list_files(connection, survey_round)
    purges = list_audit(connection, limit=1, action="round.purged", survey_id=survey_id, round_id=round_id)
    since = purges[0].at if purges else _EVER
    until = files[0].released_at if files else now
    left = list_left_files(connection, survey_id, round_id, since=since, until=until)
    return [file for file in left if file.holds == "unnamed" and not (files and file.left_at == until)]


def release_file(database: Database, ground: FileGround, *, actor: str, now: datetime) -> Deidentification:
    """What the file that leaves now holds; one that is not the last one again is remembered when this returns.

    Raises `FileOvertaken`.
    """
    survey_round = ground.survey_round
    files = _list_files(ground.connection, survey_round)
    while True:
        decided = _decide(ground, files)
        if decided.is_again or not decided.groups:
            return decided
        source_digest = _digest_source(ground, decided.levels)
        seen = files[-1].number if files else 0
        with database.write() as connection:
            hold_round(connection, survey_round)
            # Where another file left meanwhile, it is decided anew with that in view, while nobody has to wait for it.
            if find_last_file_number(connection, survey_round.survey_id, survey_round.round_id) != seen:
                files = _list_files(connection, survey_round)
                if any(file.revision > ground.index.revision for file in files):
                    raise FileOvertaken
                continue
            add_deidentified_file(
                connection,
                survey_id=survey_round.survey_id,
                round_id=survey_round.round_id,
                k=decided.k,
                levels=decided.levels,
                source_digest=source_digest,
                revision=ground.index.revision,
                groups=[numbers.serialize() for numbers in decided.groups],
                actor=actor,
                now=now,
            )
            return decided


def _list_files(connection: Connection, survey_round: Round) -> list[DeidentifiedFile]:
    return list_deidentified_files(connection, survey_round.survey_id, survey_round.round_id)


def _decide(ground: FileGround, files: Sequence[DeidentifiedFile]) -> Deidentification:
    """What the file holds. Where names were erased that the texts may tell, the texts can no longer leave."""
    erased = count_erased(ground.connection, ground.survey_round)
    decided = _choose(ground, files)
    nameless = _find_nameless(ground) & decided.released
    return replace(decided, withholds_texts=bool(erased.keys() & _NAMING), nameless=nameless)


def _find_nameless(ground: FileGround) -> BitMap:
    return BitMap(find_nameless(ground.connection, ground.survey_round.survey_id, ground.survey_round.round_id))


def _choose(ground: FileGround, files: Sequence[DeidentifiedFile]) -> Deidentification:
    if not files:
        return deidentify(ground.index, ground.questionnaire, ground.counted, ground.k)
    groups = {file.number: [BitMap.deserialize(members) for members in file.groups] for file in files}
    since = min(file.revision for file in files)
    edits = list_edits(ground.connection, ground.survey_round.survey_id, ground.survey_round.round_id, since=since)
    last, counted = files[-1], ground.counted
    is_unchanged = all(_is_early(edit, last) for number, edit in edits.items() if number in counted)
    levels = read_levels(ground.questionnaire, last.levels)
    if is_unchanged and last.source_digest == _digest_source(ground, levels):
        before = _read_earlier(ground, files[:-1], groups, {})
        decided = describe_file(
            ground.index, ground.questionnaire, counted, ground.k, levels, groups[last.number], before
        )
        return replace(decided, again_of=last.released_at)
    earlier = _read_earlier(ground, files, groups, edits)
    return deidentify(ground.index, ground.questionnaire, counted, ground.k, earlier)


def _read_earlier(
    ground: FileGround,
    files: Sequence[DeidentifiedFile],
    groups: dict[int, list[BitMap]],
    edits: Mapping[int, Edit],
) -> EarlierFiles:
    if not files:
        return NO_FILES
    trails: dict[int, Trail] = {}
    newest: dict[int, DeidentifiedFile] = {}
    for file in files:
        for place, numbers in enumerate(groups[file.number]):
            step = (file.number, place)
            for number in numbers:
                trails[number] = (*trails.get(number, NEW), step)
                newest[number] = file
    changed = {number: edit for number, edit in edits.items() if number in newest}
    edited = BitMap(number for number, edit in changed.items() if _is_late(edit, newest[number]))
    early = BitMap(number for number, edit in changed.items() if _is_early(edit, newest[number]))
    unsure = BitMap(changed) - edited - early
    doubled = _find_doubled(ground, trails)
    return EarlierFiles(trails, edited, doubled, unsure, len(files), files[-1].released_at)


def _is_early(edit: Edit, file: DeidentifiedFile) -> bool:
    """Whether the file has the answers as they are. The revision may have risen since, as when a contact is erased."""
    is_before = edit.edited_at is None or edit.edited_at < file.released_at - _SURELY_BEFORE
    return edit.revision <= file.revision or is_before


def _is_late(edit: Edit, file: DeidentifiedFile) -> bool:
    """Whether answers changed since the file was made. Where it is neither early nor late, nobody can tell."""
    is_after = edit.edited_at is not None and edit.edited_at >= file.released_at + _SURELY_AFTER
    return edit.revision > file.revision and is_after


def _find_doubled(ground: FileGround, trails: dict[int, Trail]) -> BitMap:
    """Counted returns in no file whose company has another return that is in one."""
    round_id = ground.survey_round.round_id
    if not ground.index.counts_companies(round_id):
        return BitMap()
    found = BitMap()
    for number in ground.counted:
        known = ground.index.company_returns.get(number)
        if number not in trails and known is not None:
            others = ground.index.numbers_of.get((round_id, known.company_id), frozenset())
            if any(other in trails for other in others):
                found.add(number)
    return found


def _digest_source(ground: FileGround, levels: Mapping[str, Level]) -> str:
    """Of all that the file rests on beside the answers: the same for the same file.

    That is what the choice of levels and returns rests on, what is suppressed, and what is taken out of texts.
    """
    survey_round = ground.survey_round
    classes = {name: dict(roll_up.class_of) for name, roll_up in load_roll_ups().items()}
    counted = ground.counted.serialize().hex()
    rules = describe_rules(ground.questionnaire, levels)
    names = sorted(list_known_names(ground.connection, survey_round.survey_id))
    erased = count_erased(ground.connection, survey_round)
    nameless = sorted(_find_nameless(ground) & ground.counted)
    return digest_content([ground.k, ground.questionnaire.digest, classes, counted, rules, names, erased, nameless])
