"""How far one job is: for other pages of the desk, and what such a page fetches while the job runs."""

from __future__ import annotations

from flask import abort, render_template, url_for

from surveyapp.records.job_queue import ENDED, Job, find_job
from surveyapp.reports.words import Words
from surveyapp.web.access import ADMIN, VIEWER, allow, may
from surveyapp.web.desk.jobs.pages import JobProgress
from surveyapp.web.desk.jobs.words import explain_problem, find_watchers, name_kind, name_state
from surveyapp.web.desk.surroundings import find_actor, find_words
from surveyapp.web.installation import find_installation


@allow(VIEWER)
def show_job_progress(job_id: str) -> str:
    """A fragment. For whoever asked for the job, and those whom its kind concerns."""
    with find_installation().database.read() as connection:
        job = find_job(connection, job_id)
    if not (job.actor == find_actor() or may(find_watchers(job.kind)) or may(ADMIN)):
        abort(403)
    return render_template("desk/jobs/one.html", page=build_job_progress(job, find_words()))


def build_job_progress(job: Job, words: Words) -> JobProgress:
    is_pending_problem = job.problem is not None and job.state != "done"
    problem, advice = explain_problem(words, job.problem or "") if is_pending_problem else ("", "")
    return JobProgress(
        job_id=job.job_id,
        name=name_kind(words, job.kind),
        state=job.state,
        state_words=name_state(words, job),
        words=_count(job, words),
        done=min(job.progress, job.progress_of or job.progress),
        most=job.progress_of or 0,
        is_over=job.state in ENDED,
        problem=problem,
        advice=advice if job.state == "failed" else "",
        url=url_for("desk.show_job_progress", job_id=job.job_id),
    )


def _count(job: Job, words: Words) -> str:
    if job.progress_of:
        return words.gettext("%(done)s of %(all)s", done=words.number(job.progress), all=words.number(job.progress_of))
    return words.gettext("%(done)s done", done=words.number(job.progress)) if job.progress else ""
