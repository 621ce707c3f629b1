"""Links that leave the desk: letters as PDF, and a file of links. Each makes new ones, and each is audited.

A file is drawn from links that are not kept yet, since drawing takes seconds and the database is not to wait for it;
then they are kept, all or none, and only then does it leave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.contacts import Contact, list_contacts
from surveyapp.fieldwork.drafts import make_token
from surveyapp.fieldwork.invitations.inviting import InvitationUnknown, audit_invitations
from surveyapp.fieldwork.invitations.links import Channel, InvitationRevoked, NewLink, RoundInPreparation, keep_links
from surveyapp.fieldwork.invitations.listing import InvitationState
from surveyapp.fieldwork.rounds import RoundClosed
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import DEFAULT_LANGUAGE
from surveyapp.reports.csv_export import name_file
from surveyapp.reports.invitation_letters import LettersPage, Recipient, build_letter, write_links_csv
from surveyapp.reports.pdf_files import write_pdf
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.invitations.list_page import (
    ALL,
    LANGUAGE,
    MOST_LETTERS,
    SCOPE,
    TICK,
    Listed,
    load_listed,
    render_invitations,
)
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.file_names import name_sent_file
from surveyapp.web.frame import Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language, read_language
from surveyapp.web.respondent.open_return import write_private_link
from surveyapp.web.static_files import FOLDER

LETTER_STYLES = FOLDER / "css" / "invitation_letter_pdf.css"


def _show_again(slug: str) -> str:
    words = _("The form had become stale. Please check what you chose and send it again.")
    return render_invitations(load_listed(slug), notice=Notice(words, "warning"))


@allow(MANAGER)
@show_again_with(_show_again)
def send_letters(slug: str) -> Response | tuple[str, int]:
    """One letter a company, each in its language, with a new link as text and as a square code."""
    listed = load_listed(slug)
    chosen = _choose(listed)
    fault = _find_fault(chosen, most=MOST_LETTERS)
    if fault is not None:
        return render_invitations(listed, faults=(fault,)), 422
    recipients, links = _address(listed, chosen)
    letters = tuple(
        build_letter(listed.round, listed.questionnaire, recipient, _open_words(recipient), now=datetime.now(UTC))
        for recipient in recipients
    )
    page = LettersPage(find_language(), letters[0].subject, letters[0].sender, letters)
    html = render_template("desk/invitations/letters_pdf.html", page=page)
    content = write_pdf(html, LETTER_STYLES.read_text(encoding="utf-8"), files=FOLDER)
    return _hand_out(listed, links, "letter", "invitation.letters_printed", lambda: (content, "application/pdf", "pdf"))


@allow(MANAGER)
@show_again_with(_show_again)
def send_links(slug: str) -> Response | tuple[str, int]:
    """One line a company with a new link, for a mail programme or a label printer."""
    listed = load_listed(slug)
    chosen = _choose(listed)
    fault = _find_fault(chosen, most=None)
    if fault is not None:
        return render_invitations(listed, faults=(fault,)), 422
    recipients, links = _address(listed, chosen)
    words = Words(find_language(), load_translator(find_language()))
    content = write_links_csv(recipients, words)
    return _hand_out(listed, links, "export", "invitation.links_exported", lambda: (content, "text/csv", "csv"))


def _choose(listed: Listed) -> tuple[InvitationState, ...]:
    """Those who get a link: of what was chosen, whoever can still answer."""
    ticked = frozenset(request.form.getlist(TICK))
    is_all = request.form.get(SCOPE) == ALL
    return tuple(
        each for each in listed.chosen_ones if each.can_answer and (is_all or each.invitation.invitation_id in ticked)
    )


def _find_fault(chosen: tuple[InvitationState, ...], *, most: int | None) -> SummaryFault | None:
    if not chosen:
        words = _("Tick at least one company that can still answer, or take all of the list.")
        return SummaryFault(words, "#scope", name=SCOPE)
    if most is not None and len(chosen) > most:
        words = _("At most %(most)s letters fit into one file. Narrow the list, or tick fewer.", most=most)
        return SummaryFault(words, "#scope", name=SCOPE)
    return None


def _address(listed: Listed, chosen: tuple[InvitationState, ...]) -> tuple[tuple[Recipient, ...], tuple[NewLink, ...]]:
    """Whom each link is for, with tokens that are not kept yet."""
    installation = find_installation()
    company_ids = [each.company.company_id for each in chosen]
    with installation.database.read() as connection:
        contacts = list_contacts(connection, installation.vault, installation.settings.survey_id, company_ids)
    wanted = read_language(request.form.get(LANGUAGE))
    recipients, links = [], []
    for each in chosen:
        contact = _find_first(contacts, each.company.company_id)
        token = make_token()
        recipients.append(
            Recipient(
                company_id=each.company.company_id,
                company=each.company.name,
                person=contact.name if contact is not None else "",
                department=contact.department if contact is not None else "",
                language=wanted or (contact.language if contact is not None else DEFAULT_LANGUAGE),
                state=each.state,
                link=write_private_link(token, "respondent.show_invitation"),
            )
        )
        links.append(NewLink(each.invitation, token, contact.contact_id if contact is not None else None))
    return tuple(recipients), tuple(links)


def _find_first(contacts: Mapping[int, tuple[Contact, ...]], company_id: int) -> Contact | None:
    return next(iter(contacts.get(company_id, ())), None)


def _open_words(recipient: Recipient) -> Words:
    return Words(recipient.language, load_translator(recipient.language))


def _hand_out(
    listed: Listed,
    links: tuple[NewLink, ...],
    channel: Channel,
    action: str,
    take: Callable[[], tuple[bytes, str, str]],
) -> Response | tuple[str, int]:
    now, (content, mimetype, ending) = datetime.now(UTC), take()
    name = f"{name_file(listed.round.survey_id, listed.round, channel, now)}.{ending}"
    try:
        with find_installation().database.write() as connection:
            keep_links(connection, links, channel=channel, now=now)
            audit_invitations(connection, listed.round, action, find_actor(), now, {"links": len(links), "file": name})
    except (InvitationRevoked, InvitationUnknown, RoundClosed, RoundInPreparation):
        words = _("An invitation was taken back, or the round closed, meanwhile. No link was made: please look again.")
        return render_invitations(load_listed(listed.round.slug), notice=Notice(words, "error")), 409
    return name_sent_file(Response(content, mimetype=mimetype), name)
