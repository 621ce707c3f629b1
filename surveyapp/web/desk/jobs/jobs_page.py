"""The page of all jobs, and its two buttons: try again, and cancel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.rounds import Round, list_rounds
from surveyapp.records.job_claims import count_jobs
from surveyapp.records.job_queue import (
    ENDED,
    PENDING,
    Job,
    JobHasEnded,
    JobHasNotEnded,
    JobPending,
    ask_to_cancel,
    list_jobs,
    retry_job,
)
from surveyapp.reports.words import Words
from surveyapp.web.access import ADMIN, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.audit_page import name_actor
from surveyapp.web.desk.jobs.pages import JobCard, JobList, JobsPage
from surveyapp.web.desk.jobs.progress import build_job_progress
from surveyapp.web.desk.jobs.words import describe_result
from surveyapp.web.desk.surroundings import build_desk_frame, find_words, name_round
from surveyapp.web.desk.surroundings import find_actor as find_person
from surveyapp.web.frame import Link, Notice
from surveyapp.web.installation import find_installation

PENDING_SHOWN = 200
ENDED_SHOWN = 30
IDLE_AFTER = timedelta(minutes=2)  # so long a due job waits only where nobody works


@allow(ADMIN)
def show_jobs() -> str:
    return _show_page()


@allow(ADMIN)
def show_job_list() -> str:
    """A fragment: the lists of the page as they are now."""
    return render_template("desk/jobs/list.html", page=_load_jobs(find_words())[0])


def _show_step_again(job_id: str) -> str:
    return _show_page(Notice(_("The form had become stale. Please press the button again."), "warning"))


@allow(ADMIN)
@show_again_with(_show_step_again)
def retry(job_id: str) -> Response | tuple[str, int]:
    try:
        with find_installation().database.write() as connection:
            retry_job(connection, job_id, actor=find_person(), now=datetime.now(UTC))
    except JobHasNotEnded:
        return _show_page(Notice(_("This job has not failed, so it is not tried again."), "warning")), 409
    except JobPending:
        return _show_page(Notice(_("The same work is waiting or running already."), "warning")), 409
    return _go_back(job_id)


@allow(ADMIN)
@show_again_with(_show_step_again)
def cancel(job_id: str) -> Response | tuple[str, int]:
    try:
        with find_installation().database.write() as connection:
            ask_to_cancel(connection, job_id, actor=find_person(), now=datetime.now(UTC))
    except JobHasEnded:
        return _show_page(Notice(_("This job had ended before it could be cancelled."), "warning")), 409
    return _go_back(job_id)


def _go_back(job_id: str) -> Response:
    return redirect(f"{url_for('desk.show_jobs')}#job-{job_id}", 303)


def _show_page(notice: Notice | None = None) -> str:
    jobs, last_id = _load_jobs(find_words())
    before = request.args.get("before")
    page = JobsPage(
        frame=build_desk_frame(),
        notice=notice,
        jobs=jobs,
        csrf_token=generate_csrf(),
        list_url=url_for("desk.show_job_list", before=before),
        own_url=url_for("desk.show_jobs", before=before),
        next_url=url_for("desk.show_jobs", before=last_id) if last_id else "",
    )
    return render_template("desk/jobs/jobs.html", page=page)


def _load_jobs(words: Words) -> tuple[JobList, str]:
    """The jobs of this page, and the number of the last where more of them are to be seen."""
    before, now = request.args.get("before"), datetime.now(UTC)
    installation = find_installation()
    with installation.database.read() as connection:
        pending = () if before else list_jobs(connection, states=PENDING, limit=PENDING_SHOWN)
        ended = list_jobs(connection, states=ENDED, limit=ENDED_SHOWN + 1, before_id=before)
        counts = count_jobs(connection, now)
        rounds = {each.round_id: each for each in list_rounds(connection, installation.settings.survey_id)}
    is_idle = not counts.running and counts.due_since is not None and now - counts.due_since > IDLE_AFTER
    show = _find_card_builder(words, rounds)
    jobs = JobList(
        idle=_explain_idleness(words) if is_idle and not before else None,
        pending=tuple(show(each) for each in pending),
        ended=tuple(show(each) for each in ended[:ENDED_SHOWN]),
        is_first=not before,
    )
    return jobs, ended[ENDED_SHOWN - 1].job_id if len(ended) > ENDED_SHOWN else ""


def _explain_idleness(words: Words) -> Notice:
    return Notice(
        words.gettext("They begin as soon as the operator starts one: surveyapp worker"),
        "warning",
        words.gettext("Jobs are waiting, and no worker takes them up"),
    )


def _find_card_builder(words: Words, rounds: dict[int, Round]) -> Callable[[Job], JobCard]:
    def show(job: Job) -> JobCard:
        is_pending = job.state in PENDING
        return JobCard(
            progress=build_job_progress(job, words),
            code=job.kind,
            facts=tuple(_list_facts(job, words)),
            result=describe_result(words, job),
            link=_find_link(job, rounds, words),
            retry_url=url_for("desk.retry", job_id=job.job_id) if job.state in ("failed", "cancelled") else "",
            cancel_url=url_for("desk.cancel", job_id=job.job_id) if is_pending and job.cancel_asked_at is None else "",
        )

    return show


def _list_facts(job: Job, words: Words) -> list[str]:
    facts = [
        words.pair(
            words.gettext("Asked for by"), words.join((name_actor(words, job.actor), words.time(job.created_at)))
        )
    ]
    if job.state == "queued" and job.run_after > job.created_at:
        facts.append(words.pair(words.gettext("Begins"), words.time(job.run_after)))
    if job.state == "running" and job.started_at is not None:
        facts.append(words.pair(words.gettext("Began"), words.time(job.started_at)))
    if job.finished_at is not None:
        facts.append(words.pair(words.gettext("Ended"), words.time(job.finished_at)))
    if job.attempts > 1 or job.problem is not None:
        number = {"number": words.number(job.attempts), "most": words.number(job.most_attempts)}
        facts.append(words.gettext("Attempt %(number)s of at most %(most)s", **number))
    return facts


def _find_link(job: Job, rounds: dict[int, Round], words: Words) -> Link | None:
    """Where what was done is to be seen: the round that it was about."""
    round_id = job.arguments.get("round_id")
    found = rounds.get(round_id) if isinstance(round_id, int) else None
    if found is None or job.state != "done":
        return None
    return Link(url_for("desk.show_issues", slug=found.slug), name_round(found, words))
