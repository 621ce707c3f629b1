"""The answer index as a file, so that a new process need not read every response again.

The file is only a cache. It carries a format, a checksum, and marks of the database it was made from; whatever does not
fit is ignored, and the index is built from the responses. Nothing in it is executed or unpickled.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Connection, select

from surveyapp.analysis.answer_index import AnswerIndex, Column, CompanyReturn, Number
from surveyapp.analysis.growing_bitmaps import GrowingBitmap
from surveyapp.records.tables import questionnaire_version, response, survey

# Raise the number whenever the index means something else by the same answers, or the file is laid out otherwise.
HEADER = b"surveyapp answer index 3 "
_WITNESSES = 16
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Marks:
    """What ties a snapshot to one history of one database.

    The witnesses are the responses changed last. A database that was restored from a copy and went its own way has
    other responses under these numbers, or an older state of them.
    """

    created_at: str
    digests: Mapping[str, str]  # of the questionnaire versions
    witnesses: tuple[tuple[int, int, str], ...]  # number, revision, submit_key


def save_snapshot(path: Path, index: AnswerIndex, connection: Connection) -> None:
    """Write the index, as one file that is either complete or not there. A folder that cannot be written is logged."""
    marks = _load_marks(connection, index)
    blobs: list[bytes] = []
    bitmaps = []
    written: dict[int, tuple[int, BitMap]] = {}  # by id: several questions may share a bitmap, which is kept meanwhile
    for key, numbers in _list_bitmaps(index):
        if id(numbers) not in written:
            written[id(numbers)] = (len(blobs), numbers)
            blobs.append(numbers.serialize())
        bitmaps.append([*key, written[id(numbers)][0]])
    catalog = {
        "survey_id": index.survey_id,
        "revision": index.revision,
        "created_at": marks.created_at,
        "digests": dict(marks.digests),
        "witnesses": marks.witnesses,
        "company_rounds": sorted(index.company_rounds),
        "company_returns": [
            [entry.number, entry.round_id, entry.company_id, entry.answered, entry.submitted_at.isoformat()]
            for entry in index.company_returns.values()
        ],
        "bitmaps": bitmaps,
        "sizes": [len(blob) for blob in blobs],
    }
    head = json.dumps(catalog).encode()
    parts = [len(head).to_bytes(8, "big"), head, *blobs]
    checksum = hashlib.sha256()
    for part in parts:
        checksum.update(part)
    try:
        _write_file(path, [HEADER, checksum.hexdigest().encode(), b"\n", *parts])
    except OSError as error:
        _log.warning("the answer index could not be kept in %s: %s", path.parent, error.strerror)


def load_snapshot(path: Path, survey_id: str, connection: Connection) -> AnswerIndex | None:
    """The index that was saved, or None where there is none that fits this database."""
    try:
        content = path.read_bytes()
        head, separator, body = content.partition(b"\n")
        if not separator or head != HEADER + hashlib.sha256(body).hexdigest().encode():
            return None
        size = int.from_bytes(body[:8], "big")
        catalog = json.loads(body[8 : 8 + size])
        if catalog["survey_id"] != survey_id or not _fits(catalog, connection):
            return None
        return _read_index(catalog, memoryview(body)[8 + size :])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def remove_snapshot(path: Path) -> None:
    """Delete the file, if it is there."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _write_file(path: Path, parts: list[bytes]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # readable by the owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
        os.replace(name, path)
    except BaseException:
        remove_snapshot(Path(name))
        raise


def _load_marks(connection: Connection, index: AnswerIndex) -> _Marks:
    rows = connection.execute(
        select(response.c.number, response.c.revision, response.c.submit_key)
        .where(response.c.survey_id == index.survey_id, response.c.revision <= index.revision)
        .order_by(response.c.revision.desc())
        .limit(_WITNESSES)
    )
    return _Marks(
        created_at=_find_creation(connection, index.survey_id),
        digests=_load_digests(connection, index.survey_id),
        witnesses=tuple((row.number, row.revision, row.submit_key) for row in rows),
    )


def _find_creation(connection: Connection, survey_id: str) -> str:
    created_at = connection.scalar(select(survey.c.created_at).where(survey.c.survey_id == survey_id))
    return created_at.isoformat() if created_at is not None else ""


def _load_digests(connection: Connection, survey_id: str) -> Mapping[str, str]:
    rows = connection.execute(
        select(questionnaire_version.c.version, questionnaire_version.c.digest).where(
            questionnaire_version.c.survey_id == survey_id
        )
    )
    return {row.version: row.digest for row in rows}


def _fits(catalog: Mapping[str, Any], connection: Connection) -> bool:
    survey_id, seen = catalog["survey_id"], catalog["revision"]
    if catalog["created_at"] != _find_creation(connection, survey_id):
        return False
    digests = _load_digests(connection, survey_id)
    if any(digests.get(version) != digest for version, digest in catalog["digests"].items()):
        return False
    rows = connection.execute(
        select(response.c.number, response.c.revision, response.c.submit_key).where(
            response.c.survey_id == survey_id,
            response.c.number.in_([number for number, _, _ in catalog["witnesses"]]),
        )
    )
    found = {row.number: row for row in rows}
    return all(
        number in found
        and found[number].submit_key == submit_key
        and (found[number].revision == revision or found[number].revision > seen)
        for number, revision, submit_key in catalog["witnesses"]
    )


def _list_bitmaps(index: AnswerIndex) -> Iterator[tuple[tuple[str | int, ...], BitMap]]:
    yield ("live",), index.live
    yield ("superseded",), index.superseded
    for round_id, numbers in index.rounds.items():
        yield ("round", round_id), numbers
    for version, numbers in index.versions.items():
        yield ("version", version), numbers
    for mode, numbers in index.modes.items():
        yield ("mode", mode), numbers
    for name, column in index.columns.items():
        yield ("asked", name), column.asked.numbers
        yield ("answered", name), column.answered.numbers
        for choice, held in column.chosen.items():
            yield ("chosen", name, choice), held.numbers
        for (choice, place), held in column.placed.items():
            yield ("placed", name, choice, place), held.numbers
        for value, held in column.values.items():
            yield ("value", name, str(value)), held.numbers


def _read_index(catalog: Mapping[str, Any], blobs: memoryview) -> AnswerIndex:
    index = AnswerIndex(catalog["survey_id"])
    start = 0
    bitmaps: list[GrowingBitmap] = []
    for size in catalog["sizes"]:
        bitmaps.append(GrowingBitmap(BitMap.deserialize(bytes(blobs[start : start + size]))))
        start += size
    for *key, place in catalog["bitmaps"]:
        _place_bitmap(index, key, bitmaps[place])
    index.company_rounds = frozenset(catalog["company_rounds"])
    for number, round_id, company_id, answered, submitted_at in catalog["company_returns"]:
        index.company_returns[number] = CompanyReturn(
            number, round_id, company_id, answered, datetime.fromisoformat(submitted_at)
        )
        held = index.numbers_of.get((round_id, company_id), frozenset())
        index.numbers_of[round_id, company_id] = held | {number}
    index.revision = catalog["revision"]
    return index


def _place_bitmap(index: AnswerIndex, key: list[Any], held: GrowingBitmap) -> None:
    kind, *names = key
    if kind == "live":
        index.live = held.numbers
    elif kind == "superseded":
        index.superseded = held.numbers
    elif kind == "round":
        index.rounds[names[0]] = held.numbers
    elif kind == "version":
        index.versions[names[0]] = held.numbers
    elif kind == "mode":
        index.modes[names[0]] = held.numbers
    else:
        _place_in_column(index.columns.setdefault(names[0], Column()), kind, names[1:], held)


def _place_in_column(column: Column, kind: str, names: list[Any], held: GrowingBitmap) -> None:
    if kind == "asked":
        column.asked = held
    elif kind == "answered":
        column.answered = held
    elif kind == "chosen":
        column.chosen[names[0]] = held
    elif kind == "placed":
        column.placed[names[0], names[1]] = held
    elif kind == "value":
        column.values[_read_number(names[0])] = held
    else:
        raise ValueError(kind)


def _read_number(text: str) -> Number:
    number = Fraction(text)
    return int(number) if number.denominator == 1 else number
