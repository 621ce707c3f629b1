"""One of several processes that write returns at once: `python -m tests.fieldwork.writing_process URL NAME RETURNS`.

It says "ready", waits for a line, works, and tells what it was told, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.questionnaire.model import Answers, Stored
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.database import open_database
from surveyapp.records.encryption import Vault
from tests.fieldwork.fieldwork_days import CONSENT, FieldworkDay

PATIENCE_S = 60  # SQLite lets one write at a time, and four processes take turns
SHARED = "the private link that everybody has"
ANSWERS: Answers = {**CONSENT, "attribution_level": "named", "ch_areas": ["reg"], "contact_email": "kim@example.org"}


def write_return(day: FieldworkDay, token: str, complete: Mapping[str, Stored], turn: int) -> dict[str, Any]:
    """Begin, fill, submit; edit every other one, and withdraw every third."""
    draft = day.fill(day.start(complete, token=token), complete)
    told = day.submit(draft)
    state, revision = "submitted", told.revision
    if turn % 2 == 0:
        changed = day.save(draft, "sec_profile", {"company_size": "e1000p", "company_name": f"새 이름 {token}"}).draft
        edited = day.submit(changed)
        assert (edited.number, edited.receipt) == (told.number, told.receipt)
        state, revision = "edited", edited.revision
    if turn % 3 == 0:
        day.withdraw(draft)
        state, revision = "withdrawn", 0  # which one, only the feed tells
    return {"number": told.number, "receipt": told.receipt, "state": state, "revision": revision}


def main(url: str, name: str, returns: str) -> None:
    database = open_database(url, wait_seconds=PATIENCE_S)
    questionnaire = load_builtin_questionnaire()
    with database.read() as connection:
        (round_,) = list_rounds(connection, questionnaire.form_id)
    day = FieldworkDay(database, Vault({"k1": b"1" * 32}, b"2" * 32), questionnaire, round_)
    complete = day.complete({**ANSWERS, "company_name": "한빛제약"})
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    shared = day.submit(day.fill(day.start(complete, token=SHARED), complete))
    written = [write_return(day, f"{name}, number {turn}", complete, turn) for turn in range(int(returns))]
    database.close()
    json.dump({"shared": [shared.number, shared.receipt], "written": written}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
