"""Receipt and private link by mail, at an address that is used for that mail alone.

Whether the mail arrives is told to nobody: an answer to that would say which addresses exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from flask import request, url_for
from flask_babel import gettext as _

from surveyapp.fieldwork.mail.addresses import AddressUnusable, check_address
from surveyapp.fieldwork.mail.singles import queue_single
from surveyapp.fieldwork.mail.templates import MailKind
from surveyapp.records.database import Connection
from surveyapp.web.csrf import FIELD, ProofFault, check_draft
from surveyapp.web.frame import Notice
from surveyapp.web.installation import Installation
from surveyapp.web.locale import find_language
from surveyapp.web.respondent.open_return import OpenReturn, sign_return
from surveyapp.web.respondent.pages import MailForm
from surveyapp.web.respondent.showing import explain_stale_form

EMAIL, MAILED = "email", "mailed"


@dataclass(frozen=True, slots=True)
class AskedMail:
    """What became of asking for a mail: nothing to say, a fault of the address, or a message above the page."""

    fault: str = ""
    notice: Notice | None = None
    status: int = 200


NOT_ASKED = AskedMail()


def find_recipient() -> str:
    """Under which name mails to one recipient are counted; the address itself is not kept."""
    typed = request.form.get(EMAIL, "").strip().casefold()
    return f"mail-to:{hashlib.sha256(typed.encode('utf-8', 'replace')).hexdigest()}"


def ask_for_mail(
    connection: Connection, installation: Installation, opened: OpenReturn, kind: MailKind, values: Mapping[str, str]
) -> AskedMail:
    """Queue the mail in the caller's transaction, where the form and its address are in order."""
    try:
        check_draft(installation.settings, opened.draft.draft_id, request.form.get(FIELD))
    except ProofFault:
        return AskedMail(notice=explain_stale_form(), status=400)
    if not installation.settings.smtp_host or opened.round.kind == "sample":
        return AskedMail(notice=Notice(_("No mail can be sent here at the moment."), "warning"), status=409)
    try:
        address = check_address(request.form.get(EMAIL, ""))
    except AddressUnusable:
        return AskedMail(fault=_("Enter one e-mail address, such as kim@example.com."), status=422)
    queue_single(
        connection,
        installation.vault,
        opened.round,
        kind,
        address,
        language=find_language(),
        values=values,
        now=opened.opened_at,
    )
    return NOT_ASKED


def list_mail_notices(asked: AskedMail) -> tuple[Notice, ...]:
    if asked.notice is not None:
        return (asked.notice,)
    if request.method == "GET" and request.args.get(MAILED) == "yes":
        words = _("If the address is right, the mail arrives within %(num)s minutes. The address is not kept.", num=15)
        return (Notice(words, "success", _("The mail is on its way")),)
    return ()


def build_receipt_form(installation: Installation, opened: OpenReturn, asked: AskedMail) -> MailForm | None:
    return _build_form(
        installation,
        opened,
        asked,
        heading=_("Receipt by mail"),
        explanation=_("The mail holds the receipt number and the time, no answers and no link."),
        button=_("Send the receipt"),
        action=url_for("respondent.mail_receipt", token=opened.token),
    )


def build_link_form(installation: Installation, opened: OpenReturn, asked: AskedMail) -> MailForm | None:
    return _build_form(
        installation,
        opened,
        asked,
        heading=_("Private link by mail"),
        explanation=_("Whoever can read the mail can read and change the answers."),
        button=_("Send the link"),
        action=url_for("respondent.mail_link", token=opened.token),
    )


def _build_form(
    installation: Installation,
    opened: OpenReturn,
    asked: AskedMail,
    *,
    heading: str,
    explanation: str,
    button: str,
    action: str,
) -> MailForm | None:
    """None where no mail can be sent: the page then does without."""
    if not installation.settings.smtp_host or opened.round.kind == "sample":
        return None
    return MailForm(
        heading=heading,
        explanation=explanation,
        promise=_("The address is used for this mail alone and then erased."),
        button=button,
        action=action,
        csrf_token=sign_return(installation, opened),
        email=request.form.get(EMAIL, "") if request.method == "POST" else "",
        fault=asked.fault,
    )
