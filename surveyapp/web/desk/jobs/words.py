"""Jobs in words: what each kind is called, how it stands, why it failed and what to do, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from surveyapp.records.job_queue import Job, JobState, Json
from surveyapp.reports.exports.refusals import advise_exhausted
from surveyapp.reports.words import Words
from surveyapp.web.access import ADMIN, ANALYST, MANAGER, Rule

# Who may see how far a job of a kind is, beside whoever asked for it; administrators, where nothing is said.
WATCHERS: Mapping[str, Rule] = {
    "export.make": ANALYST,
    "mail.send_mailing": MANAGER,
    "mail.send_message": MANAGER,
    "peers.freeze": MANAGER,
    "round.closed": MANAGER,
    "tables.release": ANALYST,
}


REFUSED = "refused_"  # how the codes of forms begin that cannot be had


def find_watchers(kind: str) -> Rule:
    return WATCHERS.get(kind, ADMIN)


def name_kind(words: Words, kind: str) -> str:
    """What a job does; the code itself where it is not known here."""
    return {
        "backup.make": words.gettext("Make a backup"),
        "export.make": words.gettext("Make a file of a round"),
        "exports.clean": words.gettext("Erase files whose time is over"),
        "index.snapshot": words.gettext("Prepare the desk for a quick start"),
        "jobs.clean": words.gettext("Forget old jobs"),
        "mail.send_mailing": words.gettext("Send a mailing"),
        "mail.send_message": words.gettext("Send a message"),
        "peers.freeze": words.gettext("Freeze the figures of a round for readiness reports"),
        "retention.purge": words.gettext("Erase data whose retention has ended"),
        "round.closed": words.gettext("Finish a closed round"),
        "tables.release": words.gettext("Release the figures of a round"),
    }.get(kind, kind)


def name_state(words: Words, job: Job) -> str:
    if job.state == "running" and job.cancel_asked_at is not None:
        return words.gettext("Stopping")
    if job.state == "queued" and job.attempts:
        return words.gettext("Waiting for another attempt")
    states: dict[JobState, str] = {
        "queued": words.gettext("Waiting"),
        "running": words.gettext("Running"),
        "done": words.gettext("Done"),
        "failed": words.gettext("Failed"),
        "cancelled": words.gettext("Cancelled"),
    }
    return states[job.state]


def explain_problem(words: Words, problem: str) -> tuple[str, str]:
    """What went wrong, and what can be done about it."""
    if problem.startswith(REFUSED):
        return explain_refused_form(words, problem)
    return {
        "arguments": (
            words.gettext("What the job was about is no longer there."),
            words.gettext("Nothing needs to be done. If it should be there, request the work again."),
        ),
        "backup": (
            words.gettext("No backup was made, or what was made cannot be restored."),
            words.gettext("Check that the folder for backups can be written and its disk has room, then try again."),
        ),
        "database": (
            words.gettext("The database could not be used."),
            words.gettext("Check that the database runs and its disk has room, then try the job again."),
        ),
        "disk_full": (
            words.gettext("The disk is full. Nothing was kept of the file."),
            words.gettext("Make room on the server's disk, then try the job again."),
        ),
        "figure_altered": (
            words.gettext("A frozen figure is not what was frozen."),
            words.gettext("Find out who changed the database, and restore the figure from a backup."),
        ),
        "kind_unknown": (
            words.gettext("The worker does not know this kind of job."),
            words.gettext("Start the workers anew, so that they run the same version as the server."),
        ),
        "program": (
            words.gettext("A fault of the program stopped the job."),
            words.gettext("Try the job again. If it fails again, send the worker's log line to the support."),
        ),
        "table_too_large": (
            words.gettext("A table has more cells than can be protected in time."),
            words.gettext("Have choices merged in the questionnaire's roll-ups, then try again."),
        ),
        "vault": (
            words.gettext("A protected entry cannot be opened with this installation's keys."),
            words.gettext("Restore the file of secrets from your backup, then try the job again."),
        ),
        "worker_lost": (
            words.gettext("The worker that ran the job stopped without a word."),
            words.gettext("Check the memory and the log of the worker, then try the job again."),
        ),
    }.get(problem, (problem, words.gettext("Try the job again.")))


def explain_refused_form(words: Words, problem: str) -> tuple[str, str]:
    """A file of the form that was asked for cannot be made; the job keeps the code of the reason alone."""
    what = {
        "refused_cell_too_long": words.gettext("A text is longer than a cell of a workbook may be."),
        "refused_exhausted": _explain_exhausted(words),
        "refused_exhausted_closed": _explain_exhausted(words),
        "refused_module_missing": words.gettext("The library for this format is not installed."),
        "refused_not_offered": words.gettext("There is no file of this kind in this format."),
        "refused_text_grew": words.gettext("A return was changed while the file was written."),
        "refused_text_too_wide": words.gettext("A text is longer than SPSS can hold."),
        "refused_too_few": words.gettext("Too few companies have answered for a de-identified file."),
        "refused_too_many_columns": words.gettext("The file would have more columns than a workbook holds."),
        "refused_too_many_rows": words.gettext("The file would have more rows than a workbook holds."),
    }.get(problem, problem)
    advice = {
        "refused_text_grew": words.gettext("Make the file again."),
        "refused_exhausted": advise_exhausted(words, is_closed=False),
        "refused_exhausted_closed": advise_exhausted(words, is_closed=True),
        "refused_too_few": words.gettext(
            "“Companies in a group” among the ministry's thresholds of the round says how many are needed."
        ),
    }
    return what, advice.get(problem, words.gettext("Choose another format such as CSV or Parquet, or another layout."))


def _explain_exhausted(words: Words) -> str:
    return words.gettext(
        "No new de-identified file can be given beside the earlier ones: companies could be recognised from all of "
        "them together."
    )


def describe_result(words: Words, job: Job) -> str:
    """What came of a job that is done; blank where its kind has nothing to say."""
    if job.state != "done" or job.kind not in _RESULTS:
        return ""
    return _RESULTS[job.kind](words, job.result)


def _describe_backup(words: Words, result: Mapping[str, Json]) -> str:
    rows, file = _read_number(result, "rows"), str(result.get("file", ""))
    return words.ngettext(
        "%(file)s: %(n)s row, restored aside and proved equal",
        "%(file)s: %(n)s rows, restored aside and proved equal",
        rows,
        file=file,
    )


def _describe_release(words: Words, result: Mapping[str, Json]) -> str:
    if result.get("is_proven"):
        return words.gettext("every figure was checked")
    return words.gettext("some figures could not be shown to be safe in time and are hidden")


def _describe_export(words: Words, result: Mapping[str, Json]) -> str:
    return str(result.get("file", ""))


def _describe_erased_files(words: Words, result: Mapping[str, Json]) -> str:
    files = _read_number(result, "files")
    return words.ngettext("%(n)s file was erased", "%(n)s files were erased", files)


def _describe_snapshot(words: Words, result: Mapping[str, Json]) -> str:
    returns = _read_number(result, "returns")
    return words.ngettext("%(n)s return was read", "%(n)s returns were read", returns)


def _describe_cleaning(words: Words, result: Mapping[str, Json]) -> str:
    jobs = _read_number(result, "jobs")
    return words.ngettext("%(n)s old job was forgotten", "%(n)s old jobs were forgotten", jobs)


def _describe_purge(words: Words, result: Mapping[str, Json]) -> str:
    erased = sum(_read_number(result, kind) for kind in result)
    return words.ngettext("%(n)s entry was erased", "%(n)s entries were erased", erased)


def _describe_peers(words: Words, result: Mapping[str, Json]) -> str:
    return {
        "made": words.gettext("The figures of the round were frozen"),
        "renewed": words.gettext("The figures of the round were frozen anew"),
        "kept": words.gettext("Too few further companies: the frozen figures stay"),
        "too_few": words.gettext("Too few companies for figures of the round"),
        "not_companies": words.gettext("No figures: the round does not count companies"),
    }.get(str(result.get("peers")), "")


def _read_number(result: Mapping[str, Json], name: str) -> int:
    value = result.get(name)
    return value if isinstance(value, int) else 0


_RESULTS: Mapping[str, Callable[[Words, Mapping[str, Json]], str]] = {
    "backup.make": _describe_backup,
    "export.make": _describe_export,
    "exports.clean": _describe_erased_files,
    "index.snapshot": _describe_snapshot,
    "jobs.clean": _describe_cleaning,
    "peers.freeze": _describe_peers,
    "retention.purge": _describe_purge,
    "round.closed": _describe_peers,
    "tables.release": _describe_release,
}
