"""The sample rounds under an application, for the tests of the desk."""

from __future__ import annotations

import json
import re
import shutil
import threading
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from pyroaring import BitMap
from sqlalchemy import select

from surveyapp.commands.installation import Installation as CommandInstallation
from surveyapp.commands.jobs import KINDS, JobRunner
from surveyapp.fieldwork.withdrawing import erase_response
from surveyapp.records.database import Database, open_database
from surveyapp.records.deidentified_files import list_deidentified_files
from surveyapp.records.job_queue import list_jobs
from surveyapp.records.tables import response
from surveyapp.settings import Settings
from surveyapp.web.installation import Installation

ROUND = "/desk/rounds/sample-2026"
EARLIER = "/desk/rounds/sample-2025"
TRIAL = "/desk/rounds/trial"


def open_samples(settings: Settings, sampled_file: Path) -> Database:
    """A copy of the sampled database, in the place where the settings look for it."""
    shutil.copy(sampled_file, settings.instance / "survey.sqlite3")
    return open_database(settings.database_url)


def work_off(app: Flask) -> None:
    """Run the jobs that wait, one after the other."""
    installation: Installation = app.extensions["surveyapp"]
    own = CommandInstallation(installation.settings, installation.database, installation.vault)
    with installation.database.read() as connection:
        waiting = list_jobs(connection, states=("queued",))
    for job in waiting:
        JobRunner(own, "here:1", KINDS, beat_s=5, hand_back=threading.Event()).run(job.job_id)


def leave_few(database: Database, survey_id: str, round_id: int, *, few: int = 4) -> None:
    """Withdraw returns until so few of each group of the last de-identified file are left, and of all it left out."""
    with database.write() as connection:
        last = list_deidentified_files(connection, survey_id, round_id)[-1]
        groups = [BitMap.deserialize(members) for members in last.groups]
        live = select(response.c.number).where(response.c.round_id == round_id, response.c.state == "submitted")
        others = BitMap(connection.scalars(live).all()) - BitMap().union(*groups)
        for numbers in (*groups, others):
            for number in list(numbers)[few:]:
                erase_response(connection, survey_id, number, now=datetime.now(UTC))


def read_page(client: FlaskClient, path: str, *, language: str = "en", status: int = 200) -> str:
    """The page's text; its markup is checked on the way."""
    response = client.get(path, headers={"Accept-Language": language})
    assert response.status_code == status, response.get_data(as_text=True)[-800:]
    return response.get_data(as_text=True)


def read_card(page: str, name: str) -> str:
    """The markup of one figure."""
    found = re.search(rf'<article class="card[^"]*" id="{name}".*?</article>', page, re.DOTALL)
    assert found is not None, f"no figure {name}"
    return found.group(0)


def read_figures(page: str) -> list[dict[str, Any]]:
    """The figures that the page carries for its script."""
    texts = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    return [json.loads(text) for text in texts]


def read_words(markup: str) -> str:
    """What can be read, in one line."""
    shown = re.sub(r"<script.*?</script>", " ", markup, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())
