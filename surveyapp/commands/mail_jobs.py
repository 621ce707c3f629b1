"""Jobs that send mail: a mailing as far as it is due, and a single mail that somebody asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from surveyapp.commands.running_job import JobFault, RunningJob
from surveyapp.fieldwork.mail.log import MessageUnknown
from surveyapp.fieldwork.mail.mailings import MailingUnknown
from surveyapp.fieldwork.mail.office import Office
from surveyapp.fieldwork.mail.sending import send_mailing
from surveyapp.fieldwork.mail.singles import send_message
from surveyapp.records.job_queue import Json
from surveyapp.web.mail_server import build_office


def run_send_mailing(job: RunningJob) -> Mapping[str, Json]:
    """Arguments: `survey_id`, `mailing_id`, and how often in a row the server could not be used."""
    try:
        result = send_mailing(
            _find_office(job),
            str(job.arguments["survey_id"]),
            str(job.arguments["mailing_id"]),
            watcher=job,
            outages=_read_outages(job),
        )
    except (MailingUnknown, KeyError) as fault:
        raise JobFault("arguments") from fault
    return {name: value for name, value in asdict(result).items() if value}


def run_send_message(job: RunningJob) -> Mapping[str, Json]:
    """Arguments: `survey_id`, `message_id`, and how often in a row the server could not be used."""
    try:
        state = send_message(
            _find_office(job),
            str(job.arguments["survey_id"]),
            str(job.arguments["message_id"]),
            actor=job.actor,
            outages=_read_outages(job),
        )
    except (MessageUnknown, KeyError) as fault:
        raise JobFault("arguments") from fault
    return {"state": state}


def _find_office(job: RunningJob) -> Office:
    """Settings that name no usable sender fail the job again and again, until somebody mends them."""
    installation = job.installation
    return build_office(installation.settings, installation.database, installation.vault)


def _read_outages(job: RunningJob) -> int:
    outages = job.arguments.get("outages", 0)
    return outages if isinstance(outages, int) else 0
