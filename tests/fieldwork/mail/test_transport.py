"""Handing over to a real server that fails on purpose, at every stage."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from surveyapp.fieldwork.mail.addresses import check_address
from surveyapp.fieldwork.mail.composing import ComposedMail
from surveyapp.fieldwork.mail.transport import MOST_PER_CONNECTION, Outcome, ServerUnusable, Transport
from tests.fieldwork.mail.smtp_server import (
    LOSE,
    MUMBLE,
    RETURN_PATH,
    TAKE_AND_LOSE,
    TAKE_SLOWLY,
    FailingServer,
    find_free_port,
    make_certificate,
    make_mail_server,
    run_smtp_server,
)

KIM, LEE = "kim@example.com", "lee@example.com"
CONTENT = b"Subject: x\r\n\r\nwords\r\n.\r\n..two\r\nend\r\n"


def make(to: str = KIM, content: bytes = CONTENT) -> ComposedMail:
    return ComposedMail("0" * 32, RETURN_PATH, check_address(to), content)


@pytest.fixture
def smtp() -> Iterator[FailingServer]:
    with run_smtp_server() as server:
        yield server


def send(server: FailingServer, *mails: ComposedMail, **changes: Any) -> list[Outcome]:
    with Transport(make_mail_server(server.port, **changes)) as transport:
        return [transport.send(mail) for mail in mails]


def test_a_mail_arrives_as_it_was_written(smtp: FailingServer) -> None:
    assert send(smtp, make()) == [Outcome("sent", 250, "2.0.0")]
    [accepted] = smtp.accepted
    assert accepted.content == CONTENT
    assert (accepted.sender, accepted.recipients) == (RETURN_PATH, (KIM,))


def test_many_mails_go_through_one_connection_that_is_renewed(smtp: FailingServer) -> None:
    outcomes = send(smtp, *[make()] * (MOST_PER_CONNECTION + 1))
    assert {outcome.kind for outcome in outcomes} == {"sent"}
    assert smtp.sessions == 2


@pytest.mark.parametrize(
    ("reply", "kind", "code", "status"),
    [
        ("450 4.2.1 later", "deferred", 450, "4.2.1"),
        ("451 greylisted", "deferred", 451, None),
        ("550 5.1.1 nobody", "refused", 550, "5.1.1"),
        ("553 no", "refused", 553, None),
    ],
)
def test_a_refused_recipient_does_not_keep_the_next_from_its_mail(
    smtp: FailingServer, reply: str, kind: str, code: int, status: str | None
) -> None:
    smtp.to_recipient[KIM] = [reply]
    outcomes = send(smtp, make(KIM), make(LEE))
    assert outcomes[0] == Outcome(kind, code, status)  # type: ignore[arg-type]
    assert outcomes[1].kind == "sent"
    assert smtp.count() == {LEE: 1} and smtp.sessions == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [("451 4.3.0 busy", "deferred"), ("421 4.3.2 closing", "deferred"), ("554 5.7.1 spam", "refused")],
)
def test_a_message_that_is_refused_after_the_dot_was_not_taken(smtp: FailingServer, reply: str, kind: str) -> None:
    smtp.to_message[KIM] = [reply]
    outcomes = send(smtp, make(KIM), make(LEE))
    assert [outcome.kind for outcome in outcomes] == [kind, "sent"]
    assert smtp.count() == {LEE: 1}


def test_421_at_the_sender_defers_and_the_next_gets_a_new_connection(smtp: FailingServer) -> None:
    smtp.to_mail = ["421 4.7.0 too many"]
    outcomes = send(smtp, make(KIM), make(LEE))
    assert [outcome.kind for outcome in outcomes] == ["deferred", "sent"]
    assert smtp.sessions == 2


@pytest.mark.parametrize("failure", [LOSE, TAKE_AND_LOSE, MUMBLE])
def test_a_connection_lost_after_the_dot_is_uncertain(smtp: FailingServer, failure: str) -> None:
    smtp.to_message[KIM] = [failure]
    outcomes = send(smtp, make(KIM), make(LEE))
    assert outcomes[0] == Outcome("uncertain", reason="no_reply")
    assert outcomes[1].kind == "sent"
    assert smtp.tried[KIM] == 1


def test_a_reply_that_comes_too_late_is_uncertain(smtp: FailingServer) -> None:
    smtp.to_message[KIM] = [TAKE_SLOWLY]
    assert send(smtp, make(KIM), final_timeout=0.5) == [Outcome("uncertain", reason="no_reply")]
    assert smtp.count() == {KIM: 1}


def test_a_connection_lost_before_the_message_is_certain_and_deferred(smtp: FailingServer) -> None:
    smtp.to_recipient[KIM] = [LOSE]
    assert send(smtp, make(KIM)) == [Outcome("deferred", reason="connection_lost")]
    assert not smtp.accepted


def test_a_connection_that_went_stale_is_opened_anew_at_once(smtp: FailingServer) -> None:
    smtp.to_recipient[LEE] = [LOSE]
    outcomes = send(smtp, make(KIM), make(LEE))
    assert [outcome.kind for outcome in outcomes] == ["sent", "sent"]
    assert smtp.count() == {KIM: 1, LEE: 1} and smtp.sessions == 2


def test_a_message_cut_off_in_the_middle_is_certain() -> None:
    """A server that closes while the message is being sent: the dot never left."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            wire, _ = listener.accept()
            wire.sendall(b"220 hello\r\n")
            for reply in (b"250 hello\r\n", b"250 fine\r\n", b"250 fine\r\n", b"354 go\r\n"):
                wire.recv(4096)
                wire.sendall(reply)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            wire.close()

        server = threading.Thread(target=serve)
        server.start()
        long = b"Subject: x\r\n\r\n" + b"words\r\n" * 2_000_000
        with Transport(make_mail_server(listener.getsockname()[1])) as transport:
            outcome = transport.send(make(content=long))
        server.join()
    assert outcome == Outcome("deferred", reason="connection_lost")


def test_a_local_part_beyond_ascii_needs_a_server_that_takes_it() -> None:
    to = "김철수@한국제약.한국"
    with run_smtp_server(knows_utf8=False) as smtp:
        assert send(smtp, make(to)) == [Outcome("refused", reason="no_smtputf8")]
        assert not smtp.tried
    with run_smtp_server() as smtp:
        assert send(smtp, make(to))[0].kind == "sent"
        assert smtp.accepted[0].recipients == (check_address(to).spec,)
        assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(smtp.accepted[0].options)


def expect_unusable(port: int, problem: str, **changes: Any) -> None:
    with pytest.raises(ServerUnusable) as fault, Transport(make_mail_server(port, **changes)) as transport:
        transport.send(make())
    assert fault.value.problem == problem


def test_a_server_that_is_not_there_is_unreachable() -> None:
    expect_unusable(find_free_port(), "unreachable")
    expect_unusable(find_free_port(), "unreachable", host="nowhere.invalid")


def test_a_server_that_says_nothing_is_given_up_after_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        expect_unusable(silent.getsockname()[1], "unreachable", timeout=0.3)
        assert time.monotonic() - began < 20


def test_nothing_is_sent_where_starttls_is_missing(smtp: FailingServer) -> None:
    expect_unusable(smtp.port, "no_starttls", security="starttls")
    assert not smtp.accepted and not smtp.tried


def test_starttls_with_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with run_smtp_server(certificate=certificate, accounts={"office": "a secret"}) as smtp:
        known = {"security": "starttls", "ca_file": str(certificate[0]), "user": "office", "password": "a secret"}
        assert send(smtp, make(), **known)[0].kind == "sent"
        expect_unusable(smtp.port, "sign_in", **{**known, "password": "another"})
        expect_unusable(smtp.port, "encryption", security="starttls", timeout=5.0)
    with run_smtp_server(certificate=certificate, is_tls=True) as smtp:
        assert send(smtp, make(), security="tls", ca_file=str(certificate[0]))[0].kind == "sent"
        expect_unusable(smtp.port, "encryption", security="tls", timeout=5.0)


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "elsewhere.example")
    with run_smtp_server(certificate=certificate) as smtp:
        expect_unusable(smtp.port, "encryption", security="starttls", ca_file=str(certificate[0]))
        assert not smtp.accepted


def test_a_password_is_not_given_to_a_server_that_cannot_take_it(smtp: FailingServer) -> None:
    expect_unusable(smtp.port, "sign_in", user="office", password="a secret")


def test_a_server_that_reports_on_delivery_is_asked_for_headers_alone() -> None:
    """RFC 3461: the number of the mail comes back with a report, and its words and link do not."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            wire, _ = listener.accept()
            with wire, wire.makefile("rwb") as lines:

                def say(words: bytes) -> None:
                    lines.write(words + b"\r\n")
                    lines.flush()

                say(b"220 hello")
                for reply in (b"250-hello\r\n250-SIZE 1000000\r\n250 DSN", b"250 fine", b"250 fine", b"354 go"):
                    heard.append(lines.readline())
                    say(reply)
                while lines.readline() != b".\r\n":
                    pass
                say(b"250 2.0.0 taken")
                lines.readline()
                say(b"221 bye")

        server = threading.Thread(target=serve)
        server.start()
        with Transport(make_mail_server(listener.getsockname()[1])) as transport:
            assert transport.send(make()).kind == "sent"
        server.join()
    assert heard[1] == f"MAIL FROM:<{RETURN_PATH}> SIZE={len(CONTENT)} RET=HDRS ENVID={'0' * 32}\r\n".encode()
    assert heard[2] == f"RCPT TO:<{KIM}> NOTIFY=FAILURE,DELAY\r\n".encode()
