"""Rows in no order: an order in which returns came tells who was first."""

from __future__ import annotations

import json
import random
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

from surveyapp.reports.exports.columns import Missing
from surveyapp.reports.exports.row_layout import Cell
from surveyapp.reports.exports.row_table import Row


def put_out_of_order(rows: Iterable[Row], scratch: Path | None = None) -> Iterator[list[Cell]]:
    """The rows in an order drawn at random from all that there are.

    They wait in a file without a name in `scratch` (else the system's folder for such files); of each, eight bytes are
    in memory. Raises `OSError` where there is no room.
    """
    places = array("Q")
    with tempfile.TemporaryFile(dir=scratch) as spool:
        for row in rows:
            places.append(spool.tell())
            spool.write(_encode(row))
        random.SystemRandom().shuffle(places)
        for place in places:
            spool.seek(place)
            yield _decode(spool.readline())


def _encode(row: Row) -> bytes:
    """One line. Why there is no answer is a list, so that a text that reads like it stays a text."""
    return json.dumps([[cell] if isinstance(cell, Missing) else cell for cell in row]).encode() + b"\n"


def _decode(line: bytes) -> list[Cell]:
    return [Missing(cell[0]) if isinstance(cell, list) else cell for cell in json.loads(line)]
