"""Who is invited to a round and how far each company is, and who could be invited still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row, Select, Subquery, and_, case, exists, func, select

from surveyapp.fieldwork.directory.companies import Company, is_listed, read_company
from surveyapp.fieldwork.directory.search import CompanyFilter, build_conditions
from surveyapp.fieldwork.invitations.inviting import Invitation, is_invitable, read_invitation
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Language
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import company, company_contact, draft, invitation, invitation_token, response

State = Literal["invited", "opened", "begun", "submitted", "refused", "withdrawn"]
_COMPANY_COLUMNS = ("name", "is_sample", "business_number", "size", "main_business", "membership", "changed_at")
STATES: tuple[State, ...] = ("invited", "opened", "begun", "submitted", "refused", "withdrawn")


@dataclass(frozen=True, slots=True)
class InvitationState:
    """One invited company: how far it is, since when, and the links that it has.

    `state` is that of its return, and before there is one that of the invitation; whether the invitation was taken
    back is `is_revoked` and says nothing about what was answered before.
    """

    invitation: Invitation
    company: Company
    contacts: int
    state: State
    since: datetime
    live_links: int
    links: int
    last_link_at: datetime | None
    language: Language | None  # of the return, else of the first contact

    @property
    def is_revoked(self) -> bool:
        return self.invitation.revoked_at is not None

    @property
    def can_answer(self) -> bool:
        """Whether a further link is of use: nothing was submitted, refused or withdrawn, and it is still invited."""
        return not self.is_revoked and self.state in ("invited", "opened", "begun")


def list_invitations(
    connection: Connection, round_: Round, vault: Vault | None = None, wanted: CompanyFilter | None = None
) -> tuple[InvitationState, ...]:
    """Every invited company of a round in the order of their names, or those that `wanted` finds: one statement."""
    rows = connection.execute(
        _select_states(round_)
        .where(
            invitation.c.survey_id == round_.survey_id,
            invitation.c.round_id == round_.round_id,
            is_listed(),
            *_narrow(round_, vault, wanted),
        )
        .order_by(company.c.search_words, company.c.company_id)
    )
    return tuple(map(_read_state, rows))


def load_invitation_state(connection: Connection, round_: Round, of_invitation: Invitation) -> InvitationState:
    """The same of one invitation."""
    row = connection.execute(
        _select_states(round_).where(
            invitation.c.survey_id == of_invitation.survey_id,
            invitation.c.invitation_id == of_invitation.invitation_id,
        )
    ).one()
    return _read_state(row)


def list_not_invited(
    connection: Connection, round_: Round, vault: Vault | None = None, wanted: CompanyFilter | None = None
) -> tuple[Company, ...]:
    """The companies that can be invited to the round and were not, in the order of their names."""
    known = exists().where(
        invitation.c.survey_id == company.c.survey_id,
        invitation.c.round_id == round_.round_id,
        invitation.c.company_id == company.c.company_id,
    )
    rows = connection.execute(
        select(company)
        .where(is_invitable(round_), ~known, *_narrow(round_, vault, wanted))
        .order_by(company.c.search_words, company.c.company_id)
    )
    return tuple(map(read_company, rows))


def _narrow(round_: Round, vault: Vault | None, wanted: CompanyFilter | None) -> tuple[Any, ...]:
    if wanted is None or vault is None:
        return ()
    return tuple(build_conditions(vault, round_.survey_id, wanted))


def _select_states(round_: Round) -> Select[Any]:
    contacts, links = _count_contacts(round_), _count_links(round_)
    of_company = and_(company.c.survey_id == invitation.c.survey_id, company.c.company_id == invitation.c.company_id)
    of_draft = and_(draft.c.survey_id == invitation.c.survey_id, draft.c.draft_id == invitation.c.draft_id)
    of_response = and_(response.c.survey_id == draft.c.survey_id, response.c.number == draft.c.response_number)
    return select(
        invitation,
        *(company.c[name] for name in _COMPANY_COLUMNS),
        draft.c.state,
        draft.c.started_at,
        draft.c.withdrawn_at,
        draft.c.language.label("draft_language"),
        response.c.submitted_at,
        contacts.c.contacts,
        contacts.c.contact_language,
        links.c.links,
        links.c.live_links,
        links.c.last_link_at,
    ).select_from(
        invitation.join(company, of_company)
        .outerjoin(draft, of_draft)
        .outerjoin(response, of_response)
        .outerjoin(contacts, contacts.c.company_id == invitation.c.company_id)
        .outerjoin(links, links.c.invitation_id == invitation.c.invitation_id)
    )


def _count_contacts(round_: Round) -> Subquery:
    """Contacts of each company; its language is that of the first one, as far as one language can tell."""
    first = func.min(company_contact.c.created_at).over(partition_by=company_contact.c.company_id)
    standing = (
        select(
            company_contact.c.company_id,
            case((company_contact.c.created_at == first, company_contact.c.language)).label("language"),
        )
        .where(company_contact.c.survey_id == round_.survey_id, company_contact.c.removed_at.is_(None))
        .subquery()
    )
    return (
        select(
            standing.c.company_id,
            func.count().label("contacts"),
            func.max(standing.c.language).label("contact_language"),
        )
        .group_by(standing.c.company_id)
        .subquery("contacts")
    )


def _count_links(round_: Round) -> Subquery:
    of_round = and_(
        invitation.c.survey_id == invitation_token.c.survey_id,
        invitation.c.invitation_id == invitation_token.c.invitation_id,
    )
    return (
        select(
            invitation_token.c.invitation_id,
            func.count().label("links"),
            func.sum(case((invitation_token.c.revoked_at.is_(None), 1), else_=0)).label("live_links"),
            func.max(invitation_token.c.issued_at).label("last_link_at"),
        )
        .select_from(invitation_token.join(invitation, of_round))
        .where(invitation_token.c.survey_id == round_.survey_id, invitation.c.round_id == round_.round_id)
        .group_by(invitation_token.c.invitation_id)
        .subquery("links")
    )


def _read_state(row: Row[Any]) -> InvitationState:
    own = read_invitation(row)
    state, since = _tell_state(own, row)
    return InvitationState(
        invitation=own,
        company=read_company(row),
        contacts=row.contacts or 0,
        state=state,
        since=since,
        live_links=int(row.live_links or 0),
        links=row.links or 0,
        last_link_at=row.last_link_at,
        language=cast("Language | None", row.draft_language or row.contact_language),
    )


def _tell_state(own: Invitation, row: Row[Any]) -> tuple[State, datetime]:
    if row.state == "submitted":
        return "submitted", row.submitted_at
    if row.state == "open":
        return "begun", row.started_at
    if own.refused_at is not None:
        return "refused", own.refused_at
    if row.state == "withdrawn":
        return "withdrawn", row.withdrawn_at
    if own.opened_at is not None:
        return "opened", own.opened_at
    return "invited", own.created_at
