"""Sending invitations with log, claim and personal link, against smtplib alone handing over as many mails."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from surveyapp.fieldwork.directory.companies import CompanyFields, insert_companies
from surveyapp.fieldwork.directory.contacts import ContactFields, insert_contacts
from surveyapp.fieldwork.invitations.inviting import invite
from surveyapp.fieldwork.mail.addresses import NamedAddress, check_address, read_sender
from surveyapp.fieldwork.mail.composing import ComposedMail
from surveyapp.fieldwork.mail.mailings import create_mailing, find_mailing, plan, start_mailing
from surveyapp.fieldwork.mail.office import Office, compose_for
from surveyapp.fieldwork.mail.sending import send_mailing
from surveyapp.fieldwork.mail.server import MailServer
from surveyapp.fieldwork.mail.wording import fill_letter, list_personal_values
from surveyapp.questionnaire.model import Text
from surveyapp.records.encryption import Vault
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.installation import build_vault
from tests.benchmarks.measuring import ROOT, Action, compare_prepared, describe_environment
from tests.benchmarks.stores import NOW, Store, Stores

_MOST = 10_000  # invitations
_PAIRS = 5  # mailings, each to its share of them
_OFFICER = "officer@example.com"
_BASE_URL = "https://survey.example.org"


class _Onlooker:
    def note_progress(self, done: int, of: int) -> None: ...

    def check_cancelled(self) -> None: ...


def measure_mailing(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    pairs = repeats or _PAIRS
    share = max(1, min(max(sizes), _MOST) // pairs)
    store = stores.copy(sizes[0], "mailing")
    vault = build_vault(store.settings)
    with run_mail_sink() as port:
        server = build_mail_server(port)
        paired = compare_prepared(
            prepare_mailing(Office(store.database, vault, server, _BASE_URL), store, share),
            _prepare_smtplib(server, _write_mail(store, server), share),
            repeats=pairs,
        )
    stores.drop(sizes[0], "mailing")
    each = replace(paired, subject=paired.subject / share, yardstick=paired.yardstick / share)
    yield Figure.of_pair(
        "mailing",
        f"sending an invitation, one of {share * pairs:,}",
        None,
        each,
        against="smtplib alone, one connection, the same server",
        goal=Goal("at least", 0.5),
        is_speed=True,
    )


@contextmanager
def run_mail_sink() -> Iterator[int]:
    """The port of a server in another process."""
    command = [sys.executable, "-m", "tests.benchmarks.mail_sink"]
    with subprocess.Popen(
        command, cwd=ROOT, env=describe_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


def build_mail_server(port: int) -> MailServer:
    """As an installation has it, without encryption: that would weigh on both alike."""
    return MailServer(
        host="127.0.0.1",
        port=port,
        security="none",
        sender=read_sender("조사 사무국 <survey@office.example>"),
        return_path=check_address("bounces@office.example"),
    )


def prepare_mailing(office: Office, store: Store, share: int) -> Callable[[], Action]:
    """Mailings that are begun before anything is timed, each to companies that were not invited yet."""
    places = iter(range(1, 1_000_000))

    def prepare() -> Action:
        mailing_id = begin_mailing(office.vault, store, next(places), share)

        def send() -> None:
            result = send_mailing(office, store.survey_id, mailing_id, watcher=_Onlooker(), tell_time=lambda: NOW)
            assert result.sent == share, result

        return send

    return prepare


def begin_mailing(vault: Vault, store: Store, place: int, share: int) -> str:
    """Companies with a contact each, invited; and a mailing to them that only waits for its job."""
    with store.database.write() as connection:
        entries = [CompanyFields(Text(f"한빛바이오 {place}-{number}", "", "")) for number in range(share)]
        company_ids = insert_companies(connection, store.survey_id, entries, now=NOW)
        contacts = [
            (company_id, ContactFields(name="김철수", email=f"person{number}@company{place}.example"))
            for number, company_id in enumerate(company_ids)
        ]
        insert_contacts(connection, vault, store.survey_id, contacts, now=NOW)
        invite(connection, store.later, company_ids, now=NOW, actor=_OFFICER)
        made = create_mailing(connection, store.later, "invitation", actor=_OFFICER, now=NOW)
        found = find_mailing(connection, store.later, made.mailing_id)
        digest = plan(connection, vault, found, now=NOW).digest
        start_mailing(connection, vault, store.later, found.mailing_id, digest=digest, actor=_OFFICER, now=NOW)
    return found.mailing_id


def _write_mail(store: Store, server: MailServer) -> ComposedMail:
    """One mail as they all are, with every header and both parts."""
    with store.database.write() as connection:
        template = create_mailing(connection, store.later, "invitation", actor=_OFFICER, now=NOW).templates["ko"]
    link = f"{_BASE_URL}/i/{'x' * 32}/?lang=ko"
    values = list_personal_values(company=Text("한빛바이오", "", ""), person="김철수", language="ko", link=link)
    letter = fill_letter(store.later, "ko", template, values, decline_url=f"{_BASE_URL}/u/{'y' * 64}?lang=ko")
    recipient = NamedAddress(check_address("person@company.example"), "김철수")
    return compose_for(server, letter, "0" * 32, recipient, NOW)


def _prepare_smtplib(server: MailServer, mail: ComposedMail, share: int) -> Callable[[], Action]:
    def send() -> None:
        with smtplib.SMTP(server.host, server.port) as smtp:
            for number in range(share):
                smtp.sendmail(mail.sender, f"person{number}@company.example", mail.content)

    return lambda: send
