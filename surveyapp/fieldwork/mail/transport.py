"""Handing mails to the server, with an outcome that says how far each one came.

What counts is the dot that ends the message. Before the whole of it is sent the server must not deliver (RFC 5321
4.1.1.4), so whatever goes wrong until then leaves the mail unsent for certain. From then on only the server's reply
tells; where none comes nobody knows, and the outcome is `uncertain`.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from surveyapp.fieldwork.mail.composing import ComposedMail
from surveyapp.fieldwork.mail.server import MailServer

OutcomeKind = Literal["sent", "deferred", "refused", "uncertain"]
ConnectionProblem = Literal["unreachable", "no_starttls", "encryption", "sign_in", "greeting"]
MOST_PER_CONNECTION = 100  # mails; servers end longer sessions with 421
SILENCE_S = 10  # after which a connection is tried before it is used

_STATUS = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_DOT = b".\r\n"


class ServerUnusable(Exception):
    """No mail can be handed over now, whoever it is for. Nothing was sent."""

    def __init__(self, problem: ConnectionProblem) -> None:
        super().__init__(f"the mail server cannot be used: {problem}")
        self.problem: ConnectionProblem = problem


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mail. `code` and `status` (RFC 3463) are those of the last reply; its words are not kept."""

    kind: OutcomeKind
    code: int | None = None
    status: str | None = None
    reason: str = ""  # where it was not the server that decided


class Transport:
    """One connection to the server at a time, opened when it is needed."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None
        self._handed = 0
        self._used_at = 0.0

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connect, encrypt and sign in, where that is not done yet. Raises `ServerUnusable`."""
        if self._smtp is not None and self._handed < MOST_PER_CONNECTION and self._is_alive(self._smtp):
            return
        self.close()
        smtp = self._connect()
        try:
            self._prepare(smtp)
        except BaseException:
            smtp.close()
            raise
        self._smtp, self._handed = smtp, 0

    def send(self, mail: ComposedMail) -> Outcome:
        """Hand over one mail. Raises `ServerUnusable` where not even a connection came about.

        A connection that turns out to be gone before the message is taken is opened anew, once.
        """
        self.open()
        was_used = self._handed > 0
        outcome = self._send(mail)
        if outcome.reason == "connection_lost" and was_used:
            self.open()
            outcome = self._send(mail)
        return outcome

    def _send(self, mail: ComposedMail) -> Outcome:
        assert self._smtp is not None
        self._handed += 1
        if (mail.recipient.needs_utf8 or not mail.sender.isascii()) and not self._smtp.has_extn("smtputf8"):
            return Outcome("refused", reason="no_smtputf8")
        outcome = self._hand_over(self._smtp, mail)
        self._used_at = time.monotonic()
        if outcome.kind == "uncertain" or outcome.code == 421 or outcome.reason == "connection_lost":
            self._drop()
        elif outcome.kind != "sent":
            self._reset()
        return outcome

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        try:
            if server.security == "tls":
                return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=self._trust())
            return smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        except OSError as fault:
            raise _explain(fault) from fault

    def _prepare(self, smtp: smtplib.SMTP) -> None:
        server = self._server
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                if not smtp.has_extn("starttls"):
                    raise ServerUnusable("no_starttls")
                smtp.starttls(context=self._trust())
                smtp.ehlo()
            if server.user:
                self._sign_in(smtp)
        except OSError as fault:
            raise _explain(fault) from fault
        # The dot is written apart from the message; without this it would wait for the message's acknowledgement.
        _find_socket(smtp).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.login(self._server.user, self._server.password)
        except smtplib.SMTPException as fault:
            raise ServerUnusable("sign_in") from fault

    def _trust(self) -> ssl.SSLContext:
        """Names and certificates are verified; there is no switch that turns this off."""
        context = ssl.create_default_context(cafile=self._server.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _hand_over(self, smtp: smtplib.SMTP, mail: ComposedMail) -> Outcome:
        try:
            refused = self._announce(smtp, mail)
            if refused is not None:
                return refused
            _find_socket(smtp).sendall(_stuff_dots(mail.content))
        except (OSError, smtplib.SMTPException):
            return Outcome("deferred", reason="connection_lost")
        try:
            wire = _find_socket(smtp)
            wire.settimeout(self._server.final_timeout)
            wire.sendall(_DOT)
            code, words = smtp.getreply()
            wire.settimeout(self._server.timeout)
        except (OSError, smtplib.SMTPException):
            return Outcome("uncertain", reason="no_reply")
        return _judge(code, words, when_good="sent", after_dot=True)

    def _announce(self, smtp: smtplib.SMTP, mail: ComposedMail) -> Outcome | None:
        """Sender, recipient and DATA; the outcome where one of them is refused."""
        commands = (
            ("MAIL", f"FROM:<{mail.sender}>{self._list_options(smtp, mail)}", (250,)),
            (
                "RCPT",
                f"TO:<{mail.recipient.spec}>{' NOTIFY=FAILURE,DELAY' if smtp.has_extn('dsn') else ''}",
                (250, 251),
            ),
            ("DATA", "", (354,)),
        )
        smtp.command_encoding = "utf-8" if mail.recipient.needs_utf8 or not mail.sender.isascii() else "ascii"
        for name, argument, good in commands:
            smtp.putcmd(name, argument)
            code, words = smtp.getreply()
            if code not in good:
                return _judge(code, words, when_good="deferred", after_dot=False)
        return None

    def _list_options(self, smtp: smtplib.SMTP, mail: ComposedMail) -> str:
        """What the server is told about the message (RFC 1870, 3461, 6531)."""
        options = ""
        if smtp.has_extn("size"):
            options += f" SIZE={len(mail.content)}"
        if smtp.has_extn("dsn"):
            options += f" RET=HDRS ENVID={mail.message_id}"  # reports then do not bring the words and the link back
        if mail.recipient.needs_utf8 or not mail.sender.isascii():
            options += " SMTPUTF8 BODY=8BITMIME"
        return options

    def _is_alive(self, smtp: smtplib.SMTP) -> bool:
        """Whether the server still listens: after a pause it may have ended the session without our noticing."""
        if self._handed == 0 or time.monotonic() - self._used_at < SILENCE_S:
            return True
        try:
            code, _words = smtp.noop()
        except (OSError, smtplib.SMTPException):
            self._drop()
            return False
        return bool(code == 250)

    def _reset(self) -> None:
        """Forget a mail that was refused, so that the next one begins afresh."""
        assert self._smtp is not None
        try:
            code, _words = self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            code = 421
        if code != 250:
            self._drop()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()


def _explain(fault: OSError) -> ServerUnusable:
    """Why no session came about; the exceptions of smtplib and ssl are kinds of OSError."""
    if isinstance(fault, ssl.SSLError):
        return ServerUnusable("encryption")
    if isinstance(fault, smtplib.SMTPException) and not isinstance(fault, smtplib.SMTPServerDisconnected):
        return ServerUnusable("greeting")
    return ServerUnusable("unreachable")


def _find_socket(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is closed")
    return smtp.sock


def _judge(code: int, words: bytes, *, when_good: OutcomeKind, after_dot: bool) -> Outcome:
    """An outcome from a reply. A code that SMTP does not know, or none, tells nothing."""
    found = _STATUS.match(words)
    status = found[1].decode("ascii") if found is not None else None
    if 200 <= code < 300:
        return Outcome(when_good, code, status)
    if 400 <= code < 500:
        return Outcome("deferred", code, status)
    if 500 <= code < 600:
        return Outcome("refused", code, status)
    if after_dot:
        return Outcome("uncertain", reason="no_reply")
    return Outcome("deferred", reason="connection_lost")


def _stuff_dots(content: bytes) -> bytes:
    """The message as DATA takes it: lines end in CRLF, and a dot that begins one is doubled."""
    lines = re.sub(rb"(?:\r\n|\n|\r(?!\n))", b"\r\n", content)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
