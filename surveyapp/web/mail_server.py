"""From the settings to the mail server that sending needs; commands make it the same way."""

from __future__ import annotations

from surveyapp.fieldwork.mail.addresses import AddressUnusable, read_sender
from surveyapp.fieldwork.mail.office import Office
from surveyapp.fieldwork.mail.server import MailServer
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.settings import PREFIX, SMTP_PORTS, Settings, SettingsFault


def find_mail_server(settings: Settings) -> MailServer | None:
    """None where none is set. Raises `SettingsFault` where mail cannot be sent in the name that is set."""
    if not settings.smtp_host:
        return None
    try:
        sender = read_sender(settings.smtp_from)
        return_path = read_sender(settings.smtp_return_path or settings.smtp_from).address
    except AddressUnusable as fault:
        raise SettingsFault(
            f"{PREFIX}SMTP_FROM and {PREFIX}SMTP_RETURN_PATH must be addresses that mail can be sent to."
        ) from fault
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port or SMTP_PORTS[settings.smtp_security],
        security=settings.smtp_security,
        sender=sender,
        return_path=return_path,
        user=settings.smtp_user,
        password=settings.smtp_password,
        ca_file=settings.smtp_ca_file or None,
    )


def build_office(settings: Settings, database: Database, vault: Vault) -> Office:
    """What sends mails, for pages and for jobs. Raises `SettingsFault`."""
    return Office(database, vault, find_mail_server(settings), settings.base_url)
