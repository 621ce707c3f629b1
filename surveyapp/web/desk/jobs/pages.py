"""What the templates of the jobs show."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.records.job_queue import JobState
from surveyapp.web.frame import Frame, Link, Notice


@dataclass(frozen=True, slots=True)
class JobProgress:
    """templates/desk/jobs/progress.html: how far one job is, for any page of the desk.

    `most` is 0 while it is not known how much there is to do. `url` gives the same again, as it is then.
    """

    job_id: str
    name: str
    state: JobState
    state_words: str
    words: str  # how much is done
    done: int
    most: int
    is_over: bool
    problem: str
    advice: str
    url: str


@dataclass(frozen=True, slots=True)
class JobCard:
    """A job in the list."""

    progress: JobProgress
    code: str
    facts: tuple[str, ...]
    result: str
    link: Link | None
    retry_url: str  # blank where it cannot be tried again
    cancel_url: str  # blank where it has ended, or was asked to stop


@dataclass(frozen=True, slots=True)
class JobList:
    """templates/desk/jobs/list.html: what is fetched again every few seconds."""

    idle: Notice | None  # jobs wait, and nobody does them
    pending: tuple[JobCard, ...]
    ended: tuple[JobCard, ...]
    is_first: bool  # the page with the newest jobs, which alone shows those that wait and run


@dataclass(frozen=True, slots=True)
class JobsPage:
    """templates/desk/jobs/jobs.html."""

    frame: Frame
    notice: Notice | None
    jobs: JobList
    csrf_token: str
    list_url: str
    own_url: str
    next_url: str
