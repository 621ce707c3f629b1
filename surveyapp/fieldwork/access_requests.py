"""Everything that is held about one company or one address: what a person may ask for (PIPA, article 35).

Returns of a company are those that it began by invitation, and those in which it gave its own name. Withdrawn ones are
told with their times, since nothing else is left of them. The result is plain data, for a file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from surveyapp.fieldwork.consent_records import ConsentRecord, list_consents
from surveyapp.fieldwork.directory.addresses import normalise_address
from surveyapp.fieldwork.directory.companies import Company, find_company
from surveyapp.fieldwork.directory.contacts import Contact, list_contacts
from surveyapp.fieldwork.drafts import Draft, load_draft
from surveyapp.fieldwork.left_files import list_left_files
from surveyapp.fieldwork.part_links import list_part_links
from surveyapp.fieldwork.rounds import Round, find_round_by_id, list_rounds, load_questionnaire_of
from surveyapp.fieldwork.submitted_answers import load_submitted_answers
from surveyapp.questionnaire.kinds import KINDS
from surveyapp.questionnaire.model import Answers, Language, Questionnaire
from surveyapp.records.confidential import find_links, make_lookup
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import (
    company_contact,
    confidential,
    draft,
    invitation,
    invitation_token,
    mail_message,
    mail_opt_out,
    response,
)

Record = dict[str, Any]  # names to plain values, lists and further records, as JSON knows them


@dataclass(frozen=True, slots=True)
class AccessReader:
    """What is needed to gather and to name what is found; `language` is that of the file."""

    connection: Connection
    vault: Vault
    survey_id: str
    language: Language
    now: datetime


def gather_company(reader: AccessReader, company_id: int) -> Record:
    """All that is held about a company of the directory. Raises `CompanyUnknown` and `VaultFault`."""
    found = find_company(reader.connection, reader.survey_id, company_id)
    contacts = list_contacts(reader.connection, reader.vault, reader.survey_id, [company_id]).get(company_id, ())
    invited = _list_invitations(reader, invitation.c.company_id == company_id)
    own_contacts = select(company_contact.c.contact_id).where(
        company_contact.c.survey_id == reader.survey_id, company_contact.c.company_id == company_id
    )
    invitation_ids = [row.invitation_id for row in invited]
    is_own = or_(mail_message.c.contact_id.in_(own_contacts), mail_message.c.invitation_id.in_(invitation_ids))
    return {
        "gathered_at": _write_time(reader.now),
        "company": _write_company(found),
        "contacts": [_write_contact(each) for each in contacts],
        "invitations": [_write_invitation(reader, row) for row in invited],
        "mails": _list_mails(reader, is_own),
        "returns": _list_returns(reader, _find_returns_of(reader, found, invited)),
    }


def gather_address(reader: AccessReader, email: str) -> Record:
    """All that is held about whoever has this address: in the directory, in returns, in the log of mails."""
    lookup = make_lookup(reader.vault, reader.survey_id, "directory", normalise_address(email))
    people = _find_people(reader, lookup)
    links = find_links(reader.connection, reader.vault, reader.survey_id, "contact", email)
    addressed = find_links(reader.connection, reader.vault, reader.survey_id, "address", email)
    is_own = or_(
        mail_message.c.contact_id.in_([each.contact_id for each in people]),
        mail_message.c.address_link.in_(addressed),
    )
    opted_out = reader.connection.execute(
        select(mail_opt_out.c.source, mail_opt_out.c.opted_out_at).where(
            mail_opt_out.c.survey_id == reader.survey_id, mail_opt_out.c.lookup == lookup
        )
    ).one_or_none()
    return {
        "gathered_at": _write_time(reader.now),
        "address": email,
        "contacts": [_write_contact(each) for each in people],
        "wants_no_mail_since": None if opted_out is None else _write_time(opted_out.opted_out_at),
        "mails": _list_mails(reader, is_own),
        "returns": _list_returns(reader, _find_drafts_with(reader, links)),
    }


def is_empty(held: Record) -> bool:
    """Whether nothing was found about what was asked for."""
    return not any(held[name] for name in held if name not in ("gathered_at", "address"))


def _find_people(reader: AccessReader, lookup: bytes) -> tuple[Contact, ...]:
    of_sealed = and_(
        confidential.c.survey_id == company_contact.c.survey_id, confidential.c.link == company_contact.c.sealed_link
    )
    rows = reader.connection.execute(
        select(company_contact.c.contact_id, company_contact.c.company_id)
        .select_from(company_contact.join(confidential, of_sealed))
        .where(company_contact.c.survey_id == reader.survey_id, confidential.c.lookup == lookup)
    ).all()
    ids = {row.contact_id for row in rows}
    listed = list_contacts(reader.connection, reader.vault, reader.survey_id, {row.company_id for row in rows})
    return tuple(each for contacts in listed.values() for each in contacts if each.contact_id in ids)


def _find_returns_of(reader: AccessReader, found: Company, invited: Sequence[Any]) -> list[str]:
    names = {name for name in (found.name.ko, found.name.en, found.name.ja) if name}
    links = [
        link
        for name in sorted(names)
        for link in find_links(reader.connection, reader.vault, reader.survey_id, "identity", name)
    ]
    begun = [row.draft_id for row in invited if row.draft_id is not None]
    is_own = or_(draft.c.company_id == found.company_id, draft.c.draft_id.in_(begun))
    return [*_find_drafts(reader, is_own), *_find_drafts_with(reader, links)]


def _find_drafts_with(reader: AccessReader, links: Collection[str]) -> list[str]:
    """Returns that hold one of these sealed rows, as they are worked on or as they were submitted."""
    if not links:
        return []
    submitted = response.c.identity_link.in_(links) | response.c.contact_link.in_(links)
    of_response = and_(response.c.survey_id == draft.c.survey_id, response.c.number == draft.c.response_number)
    rows = reader.connection.scalars(
        select(draft.c.draft_id)
        .select_from(draft.outerjoin(response, of_response))
        .where(
            draft.c.survey_id == reader.survey_id,
            or_(draft.c.identity_link.in_(links), draft.c.contact_link.in_(links), submitted),
        )
    )
    return list(rows)


def _find_drafts(reader: AccessReader, condition: ColumnElement[bool]) -> list[str]:
    return list(
        reader.connection.scalars(
            select(draft.c.draft_id)
            .where(draft.c.survey_id == reader.survey_id, condition)
            .order_by(draft.c.started_at)
        )
    )


def _list_invitations(reader: AccessReader, condition: ColumnElement[bool]) -> Sequence[Any]:
    return reader.connection.execute(
        select(invitation)
        .where(invitation.c.survey_id == reader.survey_id, condition)
        .order_by(invitation.c.created_at, invitation.c.invitation_id)
    ).all()


def _write_invitation(reader: AccessReader, row: Any) -> Record:
    tokens = reader.connection.execute(
        select(invitation_token)
        .where(invitation_token.c.survey_id == reader.survey_id, invitation_token.c.invitation_id == row.invitation_id)
        .order_by(invitation_token.c.issued_at)
    )
    return {
        "round": _name_round(reader, row.round_id),
        "invited_at": _write_time(row.created_at),
        "opened_at": _write_time(row.opened_at),
        "refused_at": _write_time(row.refused_at),
        "revoked_at": _write_time(row.revoked_at),
        "links": [
            {
                "channel": token.channel,
                "issued_at": _write_time(token.issued_at),
                "opened_at": _write_time(token.opened_at),
                "revoked_at": _write_time(token.revoked_at),
            }
            for token in tokens
        ],
    }


def _list_mails(reader: AccessReader, condition: ColumnElement[bool]) -> list[Record]:
    rows = reader.connection.execute(
        select(mail_message)
        .where(mail_message.c.survey_id == reader.survey_id, condition)
        .order_by(mail_message.c.queued_at, mail_message.c.message_id)
    )
    return [
        {
            "round": _name_round(reader, row.round_id),
            "kind": row.kind,
            "language": row.language,
            "state": row.state,
            "queued_at": _write_time(row.queued_at),
            "sent_at": _write_time(row.sent_at),
            "bounced_at": _write_time(row.bounced_at),
        }
        for row in rows
    ]


def _list_returns(reader: AccessReader, draft_ids: Sequence[str]) -> list[Record]:
    """Each return once, however it was found."""
    found = [load_draft(reader.connection, reader.vault, reader.survey_id, one) for one in dict.fromkeys(draft_ids)]
    rounds = {each.round_id: each for each in list_rounds(reader.connection, reader.survey_id)}
    return [_write_return(reader, each, rounds[each.round_id]) for each in found]


def _write_return(reader: AccessReader, found: Draft, round_: Round) -> Record:
    connection, survey_id = reader.connection, reader.survey_id
    questionnaire = load_questionnaire_of(connection, round_)
    submitted = load_submitted_answers(connection, reader.vault, found)
    shared = list_part_links(connection, reader.vault, found)
    files: tuple[Any, ...] = ()
    if found.submitted_at is not None:
        until = found.withdrawn_at or reader.now
        files = list_left_files(connection, survey_id, round_.round_id, since=found.submitted_at, until=until)
    return {
        "round": round_.title.in_language(reader.language),
        "state": found.state,
        "mode": found.mode,
        "receipt": found.receipt,
        "started_at": _write_time(found.started_at),
        "saved_at": _write_time(found.saved_at),
        "submitted_at": _write_time(found.submitted_at),
        "edited_at": _write_time(found.edited_at),
        "withdrawn_at": _write_time(found.withdrawn_at),
        "answers_submitted": _write_answers(reader, questionnaire, round_, submitted),
        "answers_not_submitted": _write_answers(
            reader,
            questionnaire,
            round_,
            {name: stored for name, stored in found.answers.items() if submitted.get(name) != stored},
        ),
        "colleagues": [link.label for link in shared.links if link.label],
        "consents": [
            _write_consent(questionnaire, reader.language, each)
            for each in list_consents(connection, survey_id, found.draft_id)
        ],
        "files_that_left": [
            {"left_at": _write_time(file.left_at), "holds": file.holds, "file": file.name} for file in files
        ],
    }


def _write_answers(reader: AccessReader, questionnaire: Questionnaire, round_: Round, answers: Answers) -> list[Record]:
    return [
        {
            "question": question.label.filled(round_.operator_texts).in_language(reader.language),
            "answer": KINDS[question.kind].to_text(question, answers[question.name], reader.language),
            "name": question.name,
            "stored": answers[question.name],
        }
        for question in questionnaire.questions
        if question.name in answers
    ]


def _write_consent(questionnaire: Questionnaire, language: Language, record: ConsentRecord) -> Record:
    question = questionnaire.by_name.get(record.question)
    choice = None if question is None else question.find_choice(record.choice)
    return {
        "consent": record.question,
        "said": record.choice if choice is None else choice.label.in_language(language),
        "said_at": _write_time(record.said_at),
        "language": record.language,
        "words": record.words,
        "words_sha256": record.digest,
        "questionnaire_version": record.questionnaire_version,
        "mode": record.mode,
    }


def _write_company(found: Company) -> Record:
    return {
        "company_id": found.company_id,
        "name_ko": found.name.ko,
        "name_en": found.name.en,
        "name_ja": found.name.ja,
        "business_number": found.business_number,
        "size": found.size,
        "main_business": found.main_business,
        "membership": found.membership,
        "changed_at": _write_time(found.changed_at),
    }


def _write_contact(contact: Contact) -> Record:
    return {
        "person": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "department": contact.department,
        "language": contact.language,
        "wants_no_mail": contact.wants_no_mail,
    }


def _name_round(reader: AccessReader, round_id: int) -> str:
    return find_round_by_id(reader.connection, reader.survey_id, round_id).title.in_language(reader.language)


def _write_time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
