"""Mails declined by their link (RFC 8058): at once, without signing in, and taken back the same way.

The link carries the look-up value of the address and a signature, so that it works for whoever got the mail even after
the contact was changed or removed, tells nothing about the address, and cannot be made by guessing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from surveyapp.fieldwork.directory.addresses import normalise_address
from surveyapp.records.audit import RESPONDENT, write_audit
from surveyapp.records.confidential import make_lookup
from surveyapp.records.database import lock_additions
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import mail_opt_out

_LOOKUP, _SIGNATURE = 32, 16  # bytes


class DeclineTokenUnknown(LookupError):
    """The link was not made here."""


def make_decline_token(vault: Vault, survey_id: str, email: str) -> str:
    lookup = make_lookup(vault, survey_id, "directory", normalise_address(email))
    return base64.urlsafe_b64encode(lookup + _sign(vault, survey_id, lookup)).decode("ascii")


def read_decline_token(vault: Vault, survey_id: str, token: str) -> bytes:
    """The look-up value of the address that the token was made for. Raises `DeclineTokenUnknown`."""
    try:
        found = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as fault:
        raise DeclineTokenUnknown from fault
    lookup, signature = found[:_LOOKUP], found[_LOOKUP:]
    if not hmac.compare_digest(signature, _sign(vault, survey_id, lookup)):
        raise DeclineTokenUnknown
    return lookup


def has_declined(connection: Connection, survey_id: str, lookup: bytes) -> bool:
    return connection.scalar(select(mail_opt_out.c.lookup).where(*_is_of(survey_id, lookup))) is not None


def decline_mail(connection: Connection, survey_id: str, lookup: bytes, *, now: datetime) -> None:
    """No mailing goes to this address any more; again without effect."""
    lock_additions(connection)  # mail programs press the link twice
    if not has_declined(connection, survey_id, lookup):
        connection.execute(
            insert(mail_opt_out).values(survey_id=survey_id, lookup=lookup, source="link", opted_out_at=now)
        )
        write_audit(connection, actor=RESPONDENT, action="mail.declined", at=now, survey_id=survey_id)


def accept_mail(connection: Connection, survey_id: str, lookup: bytes, *, now: datetime) -> None:
    """Mailings may go to this address again; again without effect."""
    gone = connection.execute(delete(mail_opt_out).where(*_is_of(survey_id, lookup)))
    if gone.rowcount:
        write_audit(connection, actor=RESPONDENT, action="mail.accepted", at=now, survey_id=survey_id)


def take_back_noted(connection: Connection, survey_id: str, lookup_hex: str) -> bool:
    """Take back what staff noted; what somebody declined itself only its link takes back. False where there is none."""
    try:
        lookup = bytes.fromhex(lookup_hex)
    except ValueError:
        return False
    noted = delete(mail_opt_out).where(*_is_of(survey_id, lookup), mail_opt_out.c.source == "staff")
    return connection.execute(noted).rowcount == 1


def _is_of(survey_id: str, lookup: bytes) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return mail_opt_out.c.survey_id == survey_id, mail_opt_out.c.lookup == lookup


def _sign(vault: Vault, survey_id: str, lookup: bytes) -> bytes:
    return vault.lookup(f"decline\x1f{survey_id}\x1f{lookup.hex()}")[:_SIGNATURE]
