"""A process of its own that begins or sends a mailing: `python -m tests.fieldwork.mail.mail_process URL begin|send …`.

It says "ready", waits for a line, works, and tells how it went.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from surveyapp.fieldwork.mail.mailings import MailingBegun, NobodyToSend, RecipientsChanged, start_mailing
from surveyapp.fieldwork.mail.office import Office
from surveyapp.fieldwork.mail.sending import send_mailing
from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.database import Database, open_database
from surveyapp.records.encryption import Vault
from tests.conftest import LOOKUP_KEY, VAULT_KEYS
from tests.fieldwork.mail.mail_days import BASE_URL, MANAGER, Patience
from tests.fieldwork.mail.smtp_server import make_mail_server

PATIENCE_S = 60


def begin(database: Database, vault: Vault, mailing_id: str, digest: str, now: datetime) -> str:
    with database.write() as connection:
        (round_,) = list_rounds(connection, load_builtin_questionnaire().form_id)
        try:
            started = start_mailing(connection, vault, round_, mailing_id, digest=digest, actor=MANAGER, now=now)
        except (MailingBegun, RecipientsChanged, NobodyToSend) as fault:
            return type(fault).__name__
    return str(started)


def send(database: Database, vault: Vault, mailing_id: str, port: str, now: datetime) -> str:
    port, _, connections = port.partition("x")
    server = make_mail_server(int(port), connections=int(connections or 1))
    office = Office(database, vault, server, BASE_URL)
    survey_id = load_builtin_questionnaire().form_id
    result = send_mailing(office, survey_id, mailing_id, watcher=Patience(), tell_time=lambda: now)
    return str(result.sent)


def main(url: str, deed: str, mailing_id: str, digest_or_port: str, moment: str) -> None:
    database = open_database(url, wait_seconds=PATIENCE_S)
    vault = Vault(VAULT_KEYS, LOOKUP_KEY)
    now = datetime.fromisoformat(moment).astimezone(UTC)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    told = (begin if deed == "begin" else send)(database, vault, mailing_id, digest_or_port, now)
    database.close()
    sys.stdout.write(told + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
