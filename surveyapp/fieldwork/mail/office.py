"""What sending needs of an installation, and what follows from it: links, leases, the finished mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from surveyapp.fieldwork.mail.addresses import NamedAddress
from surveyapp.fieldwork.mail.composing import ComposedMail, Letter, compose
from surveyapp.fieldwork.mail.declining import make_decline_token
from surveyapp.fieldwork.mail.server import MailServer
from surveyapp.questionnaire.model import Language
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault

NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True, slots=True)
class Office:
    """Without a server nothing is sent, and mailings say so."""

    database: Database
    vault: Vault
    server: MailServer | None
    base_url: str

    def write_link(self, token: str, language: Language) -> str:
        return f"{self.base_url}/i/{token}/?lang={language}"

    def write_decline_link(self, survey_id: str, email: str, language: Language) -> str:
        return f"{self.base_url}/u/{make_decline_token(self.vault, survey_id, email)}?lang={language}"


def find_lease(server: MailServer) -> timedelta:
    """How long a mail can be on its way before its process must be gone: all the server's replies at their slowest."""
    return timedelta(seconds=server.final_timeout + 8 * server.timeout)


def compose_for(
    server: MailServer, letter: Letter, message_id: str, recipient: NamedAddress, now: datetime
) -> ComposedMail:
    """The mail as this server gets it. Raises `MailUnwritable`."""
    return compose(
        letter,
        message_id=message_id,
        sender=server.sender,
        return_path=server.return_path,
        recipient=recipient,
        now=now,
    )
