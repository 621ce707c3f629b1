"""The codes of the mail room in words: states, reasons, faults of templates, problems with the server and files."""

from __future__ import annotations

from collections.abc import Mapping

from surveyapp.fieldwork.mail.delivery_reports import ImportedFile
from surveyapp.fieldwork.mail.log import Message, MessageState
from surveyapp.fieldwork.mail.mailings import MailingState
from surveyapp.fieldwork.mail.standings import Progress
from surveyapp.fieldwork.mail.templates import MOST_BODY, MOST_SUBJECT, MailKind, TemplateFault
from surveyapp.reports.words import Words
from surveyapp.web.frame import LANGUAGE_NAMES


def name_kind(words: Words, kind: MailKind) -> str:
    return {
        "invitation": words.gettext("Invitation"),
        "reminder": words.gettext("Reminder"),
        "receipt": words.gettext("Receipt"),
        "resume": words.gettext("Private link"),
        "test": words.gettext("Test mail"),
    }[kind]


def name_mailing_state(words: Words, state: MailingState) -> str:
    return {
        "prepared": words.gettext("Being prepared"),
        "sending": words.gettext("Being sent"),
        "sent": words.gettext("Finished"),
        "cancelled": words.gettext("Stopped"),
    }[state]


def name_state(words: Words, state: MessageState) -> str:
    return {
        "queued": words.gettext("Waiting"),
        "sending": words.gettext("On its way"),
        "sent": words.gettext("Handed over"),
        "uncertain": words.gettext("Uncertain"),
        "deferred": words.gettext("Put off by the server"),
        "refused": words.gettext("Refused by the server"),
        "bounced": words.gettext("Came back"),
        "cancelled": words.gettext("Not sent"),
    }[state]


def name_progress(words: Words, progress: Progress) -> str:
    return {
        "invited": words.gettext("Link not opened yet"),
        "opened": words.gettext("Link opened, nothing begun"),
        "begun": words.gettext("Begun, not submitted"),
    }[progress]


def describe_reason(words: Words, reason: str) -> str:
    """Why somebody gets no mail, or what else stands beside a mail; the code itself where it is not known here."""
    return {**_name_reasons(words), **_name_outcomes(words)}.get(reason, reason)


def _name_reasons(words: Words) -> Mapping[str, str]:
    return {
        "revoked": words.gettext("The invitation was taken back"),
        "submitted": words.gettext("The return was submitted"),
        "refused": words.gettext("The company declined to take part"),
        "withdrawn": words.gettext("The return was withdrawn"),
        "not_selected": words.gettext("Not among the companies chosen"),
        "no_contact": words.gettext("The directory has no contact"),
        "no_address": words.gettext("The contact has no e-mail address"),
        "address_unusable": words.gettext("The e-mail address cannot be used"),
        "opted_out": words.gettext("Wants no mail"),
        "same_address": words.gettext("Another contact of the company has the same address"),
        "bounced": words.gettext("The last mail came back or was refused for good"),
        "has_invitation": words.gettext("Has an invitation already"),
        "recently_mailed": words.gettext("Was written to within the last 20 hours"),
        "round_closed": words.gettext("The round is closed"),
    }


def _name_outcomes(words: Words) -> Mapping[str, str]:
    return {
        "connection_lost": words.gettext("The connection broke before the mail was taken"),
        "no_reply": words.gettext("The connection broke before the server confirmed"),
        "interrupted": words.gettext("The program was stopped while sending"),
        "sent_again": words.gettext("Sent again by decision"),
        "taken_as_sent": words.gettext("Taken as arrived by decision"),
        "stopped": words.gettext("The mailing was stopped"),
        "tried_too_often": words.gettext("Tried five times in vain"),
        "no_smtputf8": words.gettext("The server takes no such address"),
        "unwritable": words.gettext("The mail could not be written"),
        "server_unusable": words.gettext("The mail server could not be used"),
        "reported": words.gettext("By a delivery report"),
    }


def describe_problem(words: Words, problem: str) -> str:
    """Why the mail server cannot be used, and what to do."""
    return {
        "not_configured": words.gettext("No mail server is set up. The operator sets it up as the server manual says."),
        "unreachable": words.gettext("The mail server cannot be reached. The operator has to look after it."),
        "no_starttls": words.gettext(
            "The mail server offers no encryption, so nothing was sent. The operator has to look after it."
        ),
        "encryption": words.gettext(
            "The mail server's certificate is not trusted, so nothing was sent. The operator has to look after it."
        ),
        "sign_in": words.gettext("The mail server refused the account. The operator has to check its password."),
        "greeting": words.gettext("The mail server refused the connection. The operator has to look after it."),
    }.get(problem, problem)


def describe_fault(words: Words, fault: TemplateFault) -> str:
    """What is wrong with the words of a mail, without the language."""
    mark = "{{" + fault.name + "}}"
    if fault.part == "subject":
        return {
            "blank": words.gettext("The subject is missing."),
            "several_lines": words.gettext("The subject must be one line."),
            "too_long": words.gettext("The subject has more than %(num)s characters.", num=MOST_SUBJECT),
            "misplaced": words.gettext("The link cannot stand in the subject, which others may see."),
            "unknown": words.gettext("%(name)s in the subject is no placeholder.", name=mark),
            "unclosed": words.gettext("Curly brackets in the subject do not match."),
        }[fault.problem]
    return {
        "blank": words.gettext("The body is missing."),
        "too_long": words.gettext("The body has more than %(num)s characters.", num=f"{MOST_BODY:,}"),
        "unknown": words.gettext("%(name)s in line %(line)s is no placeholder.", name=mark, line=fault.line),
        "unclosed": words.gettext("Curly brackets in line %(line)s do not match.", line=fault.line),
        "missing": words.gettext("%(name)s is missing: without it nobody can answer.", name=mark),
    }[fault.problem]


def name_fault_place(words: Words, fault: TemplateFault) -> str:
    part = words.gettext("Subject") if fault.part == "subject" else words.gettext("Body")
    return f"{LANGUAGE_NAMES[fault.language]} – {part}"


def describe_reply(words: Words, message: Message) -> str:
    """What the server said last, as numbers."""
    said = (str(message.reply_code or ""), message.reply_status or "")
    return " ".join(each for each in said if each)


def describe_file(words: Words, found: ImportedFile) -> str:
    """What became of a file with a delivery report."""
    if found.problem is not None:
        return {
            "too_large": words.gettext("Not read: the file is too large for a delivery report."),
            "no_report": words.gettext("Not read: this is no delivery report."),
            "no_message": words.gettext("It reports on no mail of this survey."),
            "other_round": words.gettext("It reports on a mail of another round."),
        }[found.problem]
    if not found.is_new:
        return words.gettext("Nothing new: it was known, or the mail is still being tried.")
    if found.action == "failed":
        return words.gettext("The mail came back. It is marked.")
    return words.gettext("The mail arrived. It is no longer uncertain.")
