"""A real SMTP server on this machine that keeps what it accepts, and fails where a test says so."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from surveyapp.fieldwork.mail.addresses import check_address, read_sender
from surveyapp.fieldwork.mail.server import MailServer

SENDER = "조사 사무국 <survey@office.example>"
RETURN_PATH = "bounces@office.example"
OK = "250 2.0.0 taken"
# Instead of a reply to a message:
LOSE = "lose"  # the connection breaks, and the message is not delivered
TAKE_AND_LOSE = "take and lose"  # it breaks after the message was taken
TAKE_SLOWLY = "take slowly"  # the reply comes too late
MUMBLE = "mumble"  # the reply is none


@dataclass
class Accepted:
    """One message that the server took over."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    options: tuple[str, ...]

    @property
    def message(self) -> EmailMessage:
        parsed = BytesParser(policy=policy.default).parsebytes(self.content)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class FailingServer:
    """The handler of aiosmtpd's controller. Replies are by recipient; a list is used up, then all is well."""

    port: int = 0
    accepted: list[Accepted] = field(default_factory=list)
    to_mail: list[str] = field(default_factory=list)  # replies to MAIL, whoever it is for
    to_recipient: dict[str, list[str]] = field(default_factory=dict)
    to_message: dict[str, list[str]] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)  # recipients named, however it ended
    sessions: int = 0
    delay: float = 0.0  # before each message is taken
    slow_s: float = 3.0
    awaits: int = 0  # sessions that must have begun before the first message is taken
    # Where to wait: the stage of a mail, how many mails come before it, "here I am", "go on".
    stop_at: tuple[str, int, threading.Event, threading.Event] | None = None

    def count(self) -> Counter[str]:
        """How many messages each recipient has got."""
        return Counter(recipient for each in self.accepted for recipient in each.recipients)

    async def wait_at(self, stage: str) -> None:
        if self.stop_at is None or self.stop_at[0] != stage:
            return
        _, before, reached, go_on = self.stop_at
        if len(self.accepted) < before + (stage != "named"):
            return
        reached.set()
        while not go_on.is_set():
            await asyncio.sleep(0.01)

    async def handle_EHLO(  # noqa: N802 - names are aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        if self.to_mail:
            return self.to_mail.pop(0)
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 2.1.0 fine"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        self.tried[address] += 1
        await self.wait_at("named")
        replies = self.to_recipient.get(address)
        reply = replies.pop(0) if replies else "250 2.1.5 fine"
        if reply == LOSE:
            lose(server)
        elif reply.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(rcpt_options)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        while self.sessions < self.awaits:
            await asyncio.sleep(0.01)
        if self.delay:
            await asyncio.sleep(self.delay)
        replies = self.to_message.get(recipient)
        reply = replies.pop(0) if replies else OK
        if reply in (OK, TAKE_AND_LOSE, TAKE_SLOWLY, MUMBLE):
            assert envelope.mail_from is not None and isinstance(envelope.content, bytes)
            options = (*envelope.mail_options, *envelope.rcpt_options)
            self.accepted.append(Accepted(envelope.mail_from, (recipient,), envelope.content, tuple(options)))
        await self.wait_at("taken")
        await self.wait_at("confirmed")
        if reply in (LOSE, TAKE_AND_LOSE):
            lose(server)
        if reply == TAKE_SLOWLY:
            await asyncio.sleep(self.slow_s)
            return OK
        return "what?" if reply == MUMBLE else reply


def lose(server: SMTP) -> None:
    transport: Any = server.transport
    transport.abort()


@contextmanager
def run_smtp_server(
    *,
    certificate: tuple[Path, Path] | None = None,
    is_tls: bool = False,
    accounts: Mapping[str, str] | None = None,
    knows_utf8: bool = True,
    port: int = 0,
) -> Iterator[FailingServer]:
    """Runs until the block ends, on a free port of 127.0.0.1 where none is named."""
    handler = FailingServer()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, certificate))

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        known = (accounts or {}).get(data.login.decode())
        return AuthResult(success=known is not None and known == data.password.decode())

    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=port or find_free_port(),
        enable_SMTPUTF8=knows_utf8,
        ssl_context=context if is_tls else None,
        tls_context=None if is_tls else context,
        authenticator=authenticate if accounts else None,
        auth_required=bool(accounts),
        auth_require_tls=context is not None,
    )
    controller.start()
    handler.port = controller.port
    try:
        yield handler
    finally:
        controller.stop(no_assert=True)


def find_free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_mail_server(port: int, **changes: Any) -> MailServer:
    """How sending reaches the server of a test, with patience enough for a machine that is busy."""
    server = MailServer(
        host="127.0.0.1",
        port=port,
        security="none",
        sender=read_sender(SENDER),
        return_path=check_address(RETURN_PATH),
        timeout=30.0,
        final_timeout=30.0,
        connections=1,  # so that a test knows which mail comes when
    )
    return replace(server, **changes)


def make_certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A certificate for `name` and its key, that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private
