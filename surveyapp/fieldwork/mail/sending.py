"""Sending the mails of a mailing: each one is taken up, handed over and settled, and never handed over twice unasked.

    queued → (committed) sending → SMTP → (committed) sent, deferred, refused or uncertain

The link of a mail is made in the transaction that takes it up, so that it works before the mail can arrive. What the
server said of a mail is committed before the next one goes through the same connection, in the transaction that takes
that one up. A process that dies in between leaves a mail on its way; once its time is over it is uncertain, and a
person decides. Where the database has one writer, connections that wait for their turn to write share one commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from surveyapp.fieldwork.directory.companies import list_companies
from surveyapp.fieldwork.mail.addresses import NamedAddress, check_address
from surveyapp.fieldwork.mail.composing import MailUnwritable
from surveyapp.fieldwork.mail.log import (
    PAUSES,
    UNFINISHED,
    Message,
    count_states,
    find_next_attempt,
    list_due,
    mark_interrupted,
    put_back,
    settle_message,
)
from surveyapp.fieldwork.mail.mailings import (
    ask_to_send,
    find_mailing_by_id,
    finish_mailing,
    hold_mailing,
    note_problem,
)
from surveyapp.fieldwork.mail.office import NOT_CONFIGURED, Office, compose_for, find_lease
from surveyapp.fieldwork.mail.server import MailServer
from surveyapp.fieldwork.mail.taking_up import Desk, TakenUp
from surveyapp.fieldwork.mail.transport import Outcome, ServerUnusable, Transport
from surveyapp.fieldwork.rounds import find_round_by_id
from surveyapp.records.database import Connection

BATCH = 200  # mails whose numbers are read at once
Settlement = tuple[Message, Outcome]


class Watcher(Protocol):
    """Whoever looks after the run: told how far it is, asked whether to go on. Either may raise what ends the run."""

    def note_progress(self, done: int, of: int) -> None: ...

    def check_cancelled(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Errand:
    """What one connection wants written: how its last mail went, and the next one taken up."""

    settled: Settlement | None
    message_id: str
    taken: TakenUp | None = None
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class SendingResult:
    """What one run came to."""

    sent: int
    deferred: int
    refused: int
    uncertain: int
    cancelled: int
    problem: str | None


def send_mailing(
    office: Office,
    survey_id: str,
    mailing_id: str,
    *,
    watcher: Watcher,
    outages: int = 0,
    tell_time: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> SendingResult:
    """Send what is due of a mailing, and ask for the next run where something is left. Safe to run again at any time.

    `outages` counts the runs before this one in which the server could not be used. Raises `MailingUnknown`, and
    whatever `watcher` ends the run with.
    """
    run = _Run(office, survey_id, mailing_id, watcher, tell_time)
    problem = NOT_CONFIGURED if office.server is None else run.send_all(office.server)
    run.ask_for_next(problem, outages)
    run.tell_progress()
    return SendingResult(**run.counts, problem=problem)


class _Run:
    """One run over the due mails of one mailing, through several connections at once."""

    def __init__(
        self, office: Office, survey_id: str, mailing_id: str, watcher: Watcher, tell_time: Callable[[], datetime]
    ) -> None:
        self._office = office
        self._watcher = watcher
        self._tell_time = tell_time
        self._turn = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[_Errand] = []
        self._is_over = False
        self.counts = dict.fromkeys(("sent", "deferred", "refused", "uncertain", "cancelled"), 0)
        with office.database.write() as connection:
            mailing = find_mailing_by_id(connection, survey_id, mailing_id)
            round_ = find_round_by_id(connection, survey_id, mailing.round_id)
            mark_interrupted(connection, survey_id, mailing_id, now=tell_time())
            states = count_states(connection, survey_id, mailing_id)
            names = {each.company_id: each.name for each in list_companies(connection, survey_id)}
        lease = timedelta(0) if office.server is None else find_lease(office.server)
        self._desk = Desk(office, mailing, round_, lease, names)
        self._of = sum(states.values())
        self._done = self._of - sum(states.get(state, 0) for state in UNFINISHED)
        self._due = self._iterate_due()

    def send_all(self, server: MailServer) -> str | None:
        """Everything that is due; the problem where the server cannot be used through any connection."""
        with ThreadPoolExecutor(server.connections, thread_name_prefix="mail") as lanes:
            started = [lanes.submit(self._send_through_one, server) for _ in range(server.connections)]
            problems = [lane.result() for lane in started]
        return problems[0] if all(problems) else None

    def ask_for_next(self, problem: str | None, outages: int) -> None:
        """Finish the mailing, or ask for a run when the next mail is due or the server may be back."""
        now, mailing = self._tell_time(), self._desk.mailing
        with self._office.database.write() as connection:
            held = hold_mailing(connection, self._desk.round, mailing.mailing_id)
            if held.problem != problem:
                note_problem(connection, held, problem)
            if held.state != "sending":
                return
            if problem is not None:
                if outages < len(PAUSES):
                    due = now + PAUSES[outages]
                    ask_to_send(connection, held, actor=held.actor, now=now, run_after=due, outages=outages + 1)
                return
            states = count_states(connection, held.survey_id, held.mailing_id)
            soon = now + timedelta(seconds=1)  # the key of the job that runs now is of this second
            due_at = find_next_attempt(connection, held.survey_id, held.mailing_id)
            if states.get("queued"):
                ask_to_send(connection, held, actor=held.actor, now=now, run_after=soon)
            elif due_at is not None:
                ask_to_send(connection, held, actor=held.actor, now=now, run_after=max(due_at, soon))
            else:
                finish_mailing(connection, held, now=now)

    def tell_progress(self) -> None:
        self._watcher.note_progress(min(self._done, self._of), self._of)

    def _send_through_one(self, server: MailServer) -> str | None:
        """Mail after mail through one connection; the problem where the server cannot be used (any more)."""
        settled: Settlement | None = None
        try:
            with Transport(server) as transport:
                while (message_id := self._draw()) is not None:
                    transport.open()
                    taken = self._run_errand(_Errand(settled, message_id))
                    settled = None
                    if taken is not None:
                        settled = (taken.message, self._hand_over(transport, server, taken))
        except ServerUnusable as fault:
            return fault.problem
        except BaseException:
            self._is_over = True
            raise
        finally:
            if settled is not None:
                with self._office.database.write() as connection:
                    kinds = self._settle(connection, settled)
                self._count(kinds)
        return None

    def _run_errand(self, errand: _Errand) -> TakenUp | None:
        """Written and committed when this returns, by this thread or by another one that had the turn."""
        if not self._office.database.has_one_writer:
            self._write([errand])
            return errand.taken
        with self._turn:
            self._waiting.append(errand)
        with self._writing:
            if not errand.is_done:
                with self._turn:
                    errands, self._waiting = self._waiting, []
                try:
                    self._write(errands)
                except BaseException:
                    with self._turn:  # the others try for themselves
                        self._waiting += [each for each in errands if each is not errand]
                    raise
        return errand.taken

    def _write(self, errands: Sequence[_Errand]) -> None:
        kinds: list[str] = []
        with self._office.database.write() as connection:
            for each in errands:
                kinds += self._settle(connection, each.settled)
            taken = self._desk.take_up(connection, [each.message_id for each in errands], now=self._tell_time())
        kinds += ["cancelled" for each in taken.values() if each is None]
        for each in errands:
            each.taken, each.is_done = taken.get(each.message_id), True
        self._count(kinds)

    def _draw(self) -> str | None:
        """The next mail for whichever connection is free; None where there is none, or the run is to end."""
        with self._turn:
            return None if self._is_over else next(self._due, None)

    def _iterate_due(self) -> Iterator[str]:
        """Numbers of due mails, each once, with a look at the watcher before each."""
        mailing, seen = self._desk.mailing, set[str]()
        while True:
            with self._office.database.read() as connection:
                due = list_due(
                    connection, mailing.survey_id, mailing.mailing_id, now=self._tell_time(), limit=BATCH + len(seen)
                )
            fresh = [message_id for message_id in due if message_id not in seen][:BATCH]
            if not fresh:
                return
            for message_id in fresh:
                seen.add(message_id)
                self._watcher.check_cancelled()
                self.tell_progress()
                yield message_id

    def _hand_over(self, transport: Transport, server: MailServer, taken: TakenUp) -> Outcome:
        message = taken.message
        recipient = NamedAddress(check_address(taken.contact.email), taken.contact.name)
        try:
            mail = compose_for(server, taken.letter, message.message_id, recipient, self._tell_time())
        except MailUnwritable:
            return Outcome("refused", reason="unwritable")
        try:
            return transport.send(mail)
        except ServerUnusable:
            with self._office.database.write() as connection:
                put_back(connection, message)
            raise

    def _settle(self, connection: Connection, settled: Settlement | None) -> list[str]:
        """What is to be counted once it is committed."""
        if settled is None:
            return []
        message, outcome = settled
        return [outcome.kind] if settle_message(connection, message, outcome, now=self._tell_time()) else []

    def _count(self, kinds: Iterable[str]) -> None:
        with self._turn:
            for kind in kinds:
                self.counts[kind] += 1
                self._done += kind != "deferred"
