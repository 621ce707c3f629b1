"""The mail server of an installation, as `transport` needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from surveyapp.fieldwork.mail.addresses import MailAddress, NamedAddress

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over, and in whose name. `return_path` gets the reports of what was not delivered."""

    host: str
    port: int
    security: Security
    sender: NamedAddress
    return_path: MailAddress
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None  # of whoever vouches for the server; without one those of the system
    timeout: float = 30.0  # seconds for connecting and for each reply
    final_timeout: float = 300.0  # for the reply to the message; where it comes later the mail is uncertain
    # At once; each leaves at most one mail uncertain where its process dies. Hosted servers take no more than three.
    connections: int = 3
