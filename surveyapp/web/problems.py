"""What the exceptions of the steps mean to a person: words, what to do, and the status that belongs to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from surveyapp.analysis.disclosure import TableTooLarge
from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.answering import (
    ConsentMissing,
    LinkUnknown,
    OpenLinkOff,
    ReturnIncomplete,
    ReturnWithdrawn,
)
from surveyapp.fieldwork.directory.companies import CompanyUnknown
from surveyapp.fieldwork.directory.contacts import ContactUnknown
from surveyapp.fieldwork.directory.merging import MergeUnknown
from surveyapp.fieldwork.invitations.inviting import InvitationUnknown
from surveyapp.fieldwork.invitations.links import InvitationRevoked, RoundInPreparation
from surveyapp.fieldwork.mail.declining import DeclineTokenUnknown
from surveyapp.fieldwork.mail.log import MessageUnknown
from surveyapp.fieldwork.mail.mailings import MailingUnknown
from surveyapp.fieldwork.rounds import RoundClosed, RoundNotOpen, RoundUnknown
from surveyapp.records.encryption import VaultFault
from surveyapp.records.figure_notes import NoteUnknown
from surveyapp.records.job_queue import JobUnknown
from surveyapp.reports.pdf_files import PdfUnavailable
from surveyapp.web.csrf import ProofFault
from surveyapp.web.locale import show_time

OUTAGE_SECONDS = 120  # someone has to look after the machine


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, in the person's language."""

    status: int
    title: str
    explanation: tuple[str, ...]
    retry_after: int | None = None  # seconds


def explain_round_unknown(fault: RoundUnknown) -> Problem:
    return Problem(
        404,
        _("There is no such survey round"),
        (_("The address names a survey round that does not exist. Please check the link that you received."),),
    )


def explain_round_not_open(fault: RoundNotOpen) -> Problem:
    return Problem(
        403,
        _("This survey round is not open yet"),
        (_("It opens on %(time)s. You can use the same link then.", time=show_time(fault.opens_at)),),
    )


def explain_round_closed(fault: RoundClosed) -> Problem:
    return Problem(
        403,
        _("This survey round is closed"),
        (
            _("It closed on %(time)s. Answers can no longer be given or changed.", time=show_time(fault.closes_at)),
            _("A return that was submitted before then is kept."),
        ),
    )


def explain_open_link_off(fault: OpenLinkOff) -> Problem:
    return Problem(
        403,
        _("This survey round is open to invited companies only"),
        (_("Please use the personal link in your invitation."),),
    )


def explain_link_unknown(fault: LinkUnknown) -> Problem:
    return Problem(
        404,
        _("This link does not lead to a return"),
        (
            _("Please check that the whole link was copied. A link is long and is often cut at a line's end."),
            _("If you typed it from a letter, use its square code, or compare capital and small letters."),
            _("If it still does not open, the contact named in your invitation can give you a new link."),
            _("If the answers were erased at a company's request, the link no longer works."),
        ),
    )


def explain_return_withdrawn(fault: ReturnWithdrawn) -> Problem:
    return Problem(
        410,
        _("This return was withdrawn"),
        (_("Its answers were erased. A withdrawn return cannot be taken up again."),),
    )


def explain_pdf_unavailable(fault: PdfUnavailable) -> Problem:
    if fault.missing == "library":
        reason = _("The system library Pango is missing. The operator has to install it.")
    else:
        reason = _("A font with Korean and Japanese characters is missing. The operator has to install one.")
    return Problem(
        503,
        _("No PDF can be made here at the moment"),
        (reason, _("The page itself can be read and printed.")),
        OUTAGE_SECONDS,
    )


def explain_consent_missing(fault: ConsentMissing) -> Problem:
    return Problem(
        422,
        _("A return needs the consent to take part"),
        (_("Nothing is saved without it. Please go back and choose whether you agree."),),
    )


def explain_return_incomplete(fault: ReturnIncomplete) -> Problem:
    return Problem(
        422,
        _("The return is not complete yet"),
        (_("Some answers are missing or need to be changed. What was saved is kept."),),
    )


def explain_proof_fault(fault: ProofFault) -> Problem:
    return Problem(
        400,
        _("The form could not be recognised"),
        (_("Please go back, reload the page and send the form again."),),
    )


def explain_filter_unknown(fault: FilterUnknown) -> Problem:
    return Problem(
        400,
        _("This filter does not exist"),
        (_("The address names a question or an answer that this round does not have. Please choose the filter anew."),),
    )


def explain_invitation_unknown(fault: InvitationUnknown) -> Problem:
    return Problem(
        404,
        _("There is no such invitation"),
        (_("The invitation was not found in this round. Please open the list of invitations again."),),
    )


def explain_round_in_preparation(fault: RoundInPreparation) -> Problem:
    return Problem(
        409,
        _("The round is in preparation"),
        (_("Links to it can be made once it is scheduled, since nobody is to learn of it before."),),
    )


def explain_invitation_revoked(fault: InvitationRevoked) -> Problem:
    return Problem(
        409,
        _("The invitation was taken back"),
        (_("No link can be made for it. If the company is to take part after all, invite it again first."),),
    )


def explain_note_unknown(fault: NoteUnknown) -> Problem:
    return Problem(
        404,
        _("There is no such note"),
        (_("The note was not found in this round. Please open the figure again."),),
    )


def explain_mailing_unknown(fault: MailingUnknown | MessageUnknown) -> Problem:
    return Problem(
        404,
        _("There is no such mailing"),
        (_("The mailing or mail was not found in this round. Please open the list of mailings again."),),
    )


def explain_decline_unknown(fault: DeclineTokenUnknown) -> Problem:
    return Problem(
        404,
        _("This link is not complete"),
        (
            _("Please check that the whole link was copied from the mail."),
            _("If it still does not work, reply to the mail and say that you want no more of them."),
        ),
    )


def explain_table_too_large(fault: TableTooLarge) -> Problem:
    return Problem(
        422,
        _("A table has more cells than can be protected in time."),
        (_("Have choices merged in the questionnaire's roll-ups, then try again."),),
    )


def explain_job_unknown(fault: JobUnknown) -> Problem:
    return Problem(
        404,
        _("There is no such job"),
        (_("Jobs that ended long ago are forgotten. Those that are known are on the page of jobs."),),
    )


def explain_company_unknown(fault: CompanyUnknown) -> Problem:
    return Problem(
        404,
        _("There is no such company"),
        (_("It may have been joined with another entry. Please look for it in the list of companies."),),
    )


def explain_contact_unknown(fault: ContactUnknown) -> Problem:
    return Problem(
        404, _("There is no such contact"), (_("It may have been removed. Please look at the company's contacts."),)
    )


def explain_merge_unknown(fault: MergeUnknown) -> Problem:
    return Problem(
        404, _("These entries were never joined"), (_("Please look at the list of joined entries and try again."),)
    )


def explain_vault_fault(fault: VaultFault) -> Problem:
    return Problem(
        503,
        _("The service cannot be used at the moment"),
        (_("A protected entry cannot be opened with this installation's keys. The operator has to look into it."),),
        OUTAGE_SECONDS,
    )


EXPLAINED: Mapping[type[Exception], Callable[[Any], Problem]] = {
    RoundUnknown: explain_round_unknown,
    RoundNotOpen: explain_round_not_open,
    RoundClosed: explain_round_closed,
    OpenLinkOff: explain_open_link_off,
    ReturnWithdrawn: explain_return_withdrawn,
    ConsentMissing: explain_consent_missing,
    PdfUnavailable: explain_pdf_unavailable,
    ReturnIncomplete: explain_return_incomplete,
    ProofFault: explain_proof_fault,
    FilterUnknown: explain_filter_unknown,
    NoteUnknown: explain_note_unknown,
    JobUnknown: explain_job_unknown,
    TableTooLarge: explain_table_too_large,
    CompanyUnknown: explain_company_unknown,
    ContactUnknown: explain_contact_unknown,
    InvitationUnknown: explain_invitation_unknown,
    InvitationRevoked: explain_invitation_revoked,
    RoundInPreparation: explain_round_in_preparation,
    MailingUnknown: explain_mailing_unknown,
    MessageUnknown: explain_mailing_unknown,
    MergeUnknown: explain_merge_unknown,
    VaultFault: explain_vault_fault,
}
