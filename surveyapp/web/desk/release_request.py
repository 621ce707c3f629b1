"""Having a worker release what a page had not the time to check."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from flask import redirect, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug import Response

from surveyapp.analysis.released_tables import RELEASE_TABLES
from surveyapp.fieldwork.rounds import Round, find_round
from surveyapp.records.job_queue import PENDING, Job, JobPending, add_job, find_latest_job
from surveyapp.reports.words import Words
from surveyapp.web.access import ANALYST, allow
from surveyapp.web.desk.jobs.progress import build_job_progress
from surveyapp.web.desk.pages import ReleaseRequest
from surveyapp.web.desk.surroundings import find_actor, find_words
from surveyapp.web.installation import find_installation


@allow(ANALYST)
def request_release(slug: str) -> Response:
    """Ask for the job that releases the round's tables to the ministry."""
    installation = find_installation()
    with installation.database.write() as connection:
        survey_round = find_round(connection, installation.settings.survey_id, slug)
        with suppress(JobPending):  # pressing twice is asking once
            add_job(
                connection,
                kind=RELEASE_TABLES,
                arguments={"survey_id": survey_round.survey_id, "round_id": survey_round.round_id},
                actor=find_actor(),
                now=datetime.now(UTC),
                survey_id=survey_round.survey_id,
                once_key=_write_key(survey_round),
            )
    return redirect(url_for("desk.show_released", slug=slug), 303)


def build_release_request(survey_round: Round) -> ReleaseRequest:
    """What staff are told of figures that a page could not check in time, and how far the job is that can."""
    words = find_words()
    with find_installation().database.read() as connection:
        job = find_latest_job(connection, _write_key(survey_round))
    is_pending = job is not None and job.state in PENDING
    return ReleaseRequest(
        explanation=_explain(job, words),
        url="" if is_pending else url_for("desk.request_release", slug=survey_round.slug),
        csrf_token=generate_csrf(),
        progress=None if job is None or job.state == "done" else build_job_progress(job, words),
    )


def _explain(job: Job | None, words: Words) -> str:
    if job is not None and job.state == "done" and not job.result.get("is_proven"):
        return words.gettext(
            "Even in the background it could not be shown in time that some figures are safe. Wait for more returns, "
            "or have choices merged in the questionnaire's roll-ups."
        )
    return words.gettext(
        "Some figures are hidden only because a page has too little time to show that they are safe. In the background "
        "there is more: what is found safe is released to viewers and for the ministry."
    )


def _write_key(survey_round: Round) -> str:
    return f"{RELEASE_TABLES}:{survey_round.survey_id}:{survey_round.round_id}"
