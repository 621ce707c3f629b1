"""Files that jobs make: how far they are, and until when they can be fetched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import url_for

from surveyapp.fieldwork.rounds import Round
from surveyapp.records.database import Connection
from surveyapp.records.job_queue import Job, list_jobs
from surveyapp.records.kept_files import FileStore
from surveyapp.reports.exports.methods import name_export_kind
from surveyapp.reports.exports.request import MAKE_EXPORT, ExportRequest, RequestUnknown, read_request
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, may
from surveyapp.web.desk.audit_page import name_actor
from surveyapp.web.desk.exporting.pages import FileCard
from surveyapp.web.desk.exporting.words import name_cells, name_format, name_layout
from surveyapp.web.desk.jobs.progress import build_job_progress

SHOWN = 20
_LOOKED_AT = 200  # newest jobs of the survey among which those of a round are


def list_round_files(connection: Connection, survey_round: Round) -> list[Job]:
    """The newest jobs that make files of the round."""
    jobs = list_jobs(connection, kind=MAKE_EXPORT, survey_id=survey_round.survey_id, limit=_LOOKED_AT)
    return [job for job in jobs if job.arguments.get("round_id") == survey_round.round_id][:SHOWN]


def build_file_cards(jobs: list[Job], store: FileStore, slug: str, words: Words, now: datetime) -> Iterator[FileCard]:
    for job in jobs:
        try:
            request = read_request(job.arguments)
        except RequestUnknown:  # asked for by another version of the program
            continue
        yield _build_card(job, request, store, slug, words, now)


def find_expiry(job: Job) -> datetime | None:
    value = job.result.get("expires_at")
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _build_card(job: Job, request: ExportRequest, store: FileStore, slug: str, words: Words, now: datetime) -> FileCard:
    expiry = find_expiry(job)
    is_there = job.state == "done" and expiry is not None and now < expiry and store.is_kept(job.job_id)
    is_allowed = request.kind != "identified" or may(MANAGER)
    gone = ""
    if job.state == "done" and not is_there:
        gone = words.gettext("Erased. Make it again if it is still needed.")
    elif is_there and not is_allowed:
        gone = words.gettext("For managers.")
    return FileCard(
        job_id=job.job_id,
        name=str(job.result.get("file", "")) or name_export_kind(words, request.kind),
        progress=None if job.state == "done" else build_job_progress(job, words),
        facts=tuple(_list_facts(job, request, expiry, words)),
        digest=str(job.result.get("sha256", "")),
        url=url_for("desk.fetch_export", slug=slug, job_id=job.job_id) if is_there and is_allowed else "",
        gone=gone,
    )


def _list_facts(job: Job, request: ExportRequest, expiry: datetime | None, words: Words) -> Iterator[str]:
    options = [
        name_export_kind(words, request.kind),
        name_format(words, request.format),
        name_layout(words, request.layout),
        name_cells(words, request.cells),
    ]
    yield words.join(options)
    asked = words.join((name_actor(words, job.actor), words.time(job.created_at)))
    yield words.pair(words.gettext("Asked for by"), asked)
    size = job.result.get("bytes")
    if isinstance(size, int):
        yield words.pair(words.gettext("Size"), write_size(words, size))
    if expiry is not None:
        yield words.pair(words.gettext("Can be fetched until"), words.time(expiry))


def write_size(words: Words, size: int) -> str:
    """Bytes in the unit that keeps the number short."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{words.number(size / factor, 1)} {unit}"
    return f"{words.number(size)} B"
