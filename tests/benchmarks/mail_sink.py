"""A mail server that takes everything and keeps nothing: `python -m tests.benchmarks.mail_sink`.

It says its port and runs until its input ends. A process of its own, so that it shares no interpreter with whoever
hands over the mails.
"""

from __future__ import annotations

import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.fieldwork.mail.smtp_server import find_free_port


class Sink:
    """The handler of aiosmtpd's controller."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return "250 2.0.0 taken"


def main() -> None:
    controller = Controller(Sink(), hostname="127.0.0.1", port=find_free_port(), enable_SMTPUTF8=True)
    controller.start()
    sys.stdout.write(f"{controller.port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    controller.stop(no_assert=True)


if __name__ == "__main__":
    main()
