"""Two entries that were one company are joined: one is kept, what belonged to the other belongs to it, and all of that
can be undone.

The entry that is merged stays as a row, out of every list. What was moved stands in `company_merge.moved`, by numbers
and ids alone, so that undoing moves back what is still there and leaves what was changed since.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, insert, select, update

from surveyapp.fieldwork.directory.companies import (
    Company,
    CompanyFields,
    CompanyUnknown,
    find_company,
    find_number_holder,
    update_companies,
)
from surveyapp.fieldwork.directory.invitation_joining import (
    JoinedInvitation,
    find_double_returns,
    join_invitations,
    part_invitations,
)
from surveyapp.questionnaire.model import Text
from surveyapp.records.audit import write_audit
from surveyapp.records.change_feed import take_revision
from surveyapp.records.database import lock_directory
from surveyapp.records.tables import company, company_contact, company_merge, confidential, draft, response

_ID_BYTES = 16
_FIELDS = ("name", "business_number", "size", "main_business", "membership")

UndoObstacle = Literal["undone", "kept_was_merged"]


class MergeRefused(Exception):
    """Two entries cannot be joined: both began a return of the round `round_id` through an invitation."""

    def __init__(self, round_id: int) -> None:
        super().__init__(f"both companies began a return in round {round_id}")
        self.round_id = round_id


class MergeUnknown(LookupError):
    """There was no such merge."""


class MergeNotUndone(Exception):
    """A merge cannot be undone (now); `obstacle` says why."""

    def __init__(self, obstacle: UndoObstacle) -> None:
        super().__init__(obstacle)
        self.obstacle: UndoObstacle = obstacle


@dataclass(frozen=True, slots=True)
class Belongings:
    """What belongs to an entry."""

    contacts: int
    returns: int


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge as it was made."""

    merge_id: str
    kept_id: int
    merged_id: int
    kept_name: Text
    merged_name: Text
    actor: str
    merged_at: datetime


def propose_fields(kept: Company, merged: Company) -> CompanyFields:
    """What is known of the kept entry, filled in from the other one where it is blank."""
    names = (getattr(kept.name, each) or getattr(merged.name, each) for each in ("ko", "en", "ja"))
    return CompanyFields(
        name=Text(*names),
        business_number=kept.business_number or merged.business_number,
        size=kept.size or merged.size,
        main_business=kept.main_business or merged.main_business,
        membership=merged.membership if kept.membership == "unknown" else kept.membership,
    )


def count_belongings(connection: Connection, survey_id: str, company_id: int) -> Belongings:
    def count(table: Table, *further: ColumnElement[bool]) -> int:
        of_company = (table.c.survey_id == survey_id, table.c.company_id == company_id, *further)
        return connection.scalar(select(func.count()).select_from(table).where(*of_company)) or 0

    return Belongings(count(company_contact, company_contact.c.removed_at.is_(None)), count(draft))


def merge_companies(
    connection: Connection,
    survey_id: str,
    kept_id: int,
    merged_id: int,
    fields: CompanyFields,
    *,
    now: datetime,
    actor: str,
) -> str:
    """Join two entries in the caller's transaction and return the id of the merge; `fields` are known from then on.

    A contact that both have by its address stays with the merged entry, so that nobody gets two letters. Raises
    `CompanyUnknown`, also for two that are one, and `MergeRefused`.
    """
    lock_directory(connection)
    if kept_id == merged_id:
        raise CompanyUnknown(merged_id)
    kept, merged = find_company(connection, survey_id, kept_id), find_company(connection, survey_id, merged_id)
    for round_id in find_double_returns(connection, survey_id, kept_id, merged_id):
        raise MergeRefused(round_id)
    takes_number = fields.business_number is not None and fields.business_number == merged.business_number
    joined = join_invitations(connection, survey_id, kept_id, merged_id)
    moved = {
        "before": _write_fields(kept.fields),
        "after": _write_fields(fields),
        "merged_number": merged.business_number if takes_number else None,
        "contacts": _move_contacts(connection, survey_id, kept_id, merged_id),
        "drafts": _move(connection, survey_id, draft, draft.c.draft_id, merged_id, kept_id, None),
        "responses": _move_responses(connection, survey_id, merged_id, kept_id, None),
        "invitations": [asdict(each) for each in joined],
    }
    if takes_number:
        _write_number(connection, survey_id, merged_id, None)
    merge_id = secrets.token_hex(_ID_BYTES)
    connection.execute(
        insert(company_merge).values(
            survey_id=survey_id,
            merge_id=merge_id,
            kept_id=kept_id,
            merged_id=merged_id,
            moved=moved,
            actor=actor,
            merged_at=now,
        )
    )
    update_companies(connection, survey_id, {kept_id: fields}, now=now)
    write_audit(
        connection,
        actor=actor,
        action="companies.merged",
        at=now,
        survey_id=survey_id,
        details={"company": kept_id, "merged": merged_id},
    )
    return merge_id


def undo_merge(connection: Connection, survey_id: str, merge_id: str, *, now: datetime, actor: str) -> Merge:
    """Put two entries apart again: what was moved goes back, what was changed since stays as it is.

    Raises `MergeUnknown` and `MergeNotUndone`.
    """
    lock_directory(connection)
    row = _find_merge(connection, survey_id, merge_id)
    if row.undone_at is not None:
        raise MergeNotUndone("undone")
    kept_id, merged_id, moved = row.kept_id, row.merged_id, row.moved
    try:
        kept = find_company(connection, survey_id, kept_id)
    except CompanyUnknown:
        raise MergeNotUndone("kept_was_merged") from None
    is_merge = (company_merge.c.survey_id == survey_id, company_merge.c.merge_id == merge_id)
    connection.execute(update(company_merge).where(*is_merge).values(undone_at=now))
    part_invitations(
        connection, survey_id, kept_id, merged_id, [JoinedInvitation(**each) for each in moved["invitations"]]
    )
    _move(connection, survey_id, company_contact, company_contact.c.contact_id, kept_id, merged_id, moved["contacts"])
    _move(connection, survey_id, draft, draft.c.draft_id, kept_id, merged_id, moved["drafts"])
    _move_responses(connection, survey_id, kept_id, merged_id, moved["responses"])
    before, after = _read_fields(moved["before"]), _read_fields(moved["after"])
    update_companies(connection, survey_id, {kept_id: _restore(kept.fields, before, after)}, now=now)
    number = moved["merged_number"]
    if number is not None and find_number_holder(connection, survey_id, number) is None:
        _write_number(connection, survey_id, merged_id, number)
    write_audit(
        connection,
        actor=actor,
        action="companies.merge_undone",
        at=now,
        survey_id=survey_id,
        details={"company": kept_id, "merged": merged_id},
    )
    return _read_merge(row)


def list_merges(connection: Connection, survey_id: str, *, limit: int) -> tuple[Merge, ...]:
    """Merges that hold, the latest first."""
    rows = connection.execute(
        _select_merges(survey_id)
        .where(company_merge.c.undone_at.is_(None))
        .order_by(company_merge.c.merged_at.desc(), company_merge.c.merge_id)
        .limit(limit)
    )
    return tuple(map(_read_merge, rows))


def _move_contacts(connection: Connection, survey_id: str, kept_id: int, merged_id: int) -> list[str]:
    """Contacts go over, but for those whose address the kept entry has already."""
    of_sealed = and_(
        confidential.c.survey_id == company_contact.c.survey_id, confidential.c.link == company_contact.c.sealed_link
    )
    rows = connection.execute(
        select(company_contact.c.company_id, company_contact.c.contact_id, confidential.c.lookup)
        .select_from(company_contact.join(confidential, of_sealed))
        .where(company_contact.c.survey_id == survey_id, company_contact.c.company_id.in_([kept_id, merged_id]))
    ).all()
    known = {bytes(row.lookup) for row in rows if row.company_id == kept_id and row.lookup is not None}
    wanted = [
        row.contact_id
        for row in rows
        if row.company_id == merged_id and (row.lookup is None or bytes(row.lookup) not in known)
    ]
    return _move(connection, survey_id, company_contact, company_contact.c.contact_id, merged_id, kept_id, wanted)


def _move(
    connection: Connection,
    survey_id: str,
    table: Table,
    key: ColumnElement[Any],
    from_id: int,
    to_id: int,
    keys: list[Any] | None,
) -> list[Any]:
    """Let rows of one company, all of them or those of `keys`, belong to another; returns the keys that moved."""
    is_one = [table.c.survey_id == survey_id, table.c.company_id == from_id]
    if keys is not None:
        is_one.append(key.in_(keys))
    moved = list(connection.scalars(select(key).where(*is_one).order_by(key)))
    if moved:
        connection.execute(update(table).where(*is_one).values(company_id=to_id))
    return moved


def _move_responses(
    connection: Connection, survey_id: str, from_id: int, to_id: int, numbers: list[int] | None
) -> list[int]:
    """Responses go over under new revisions, so that the figures follow."""
    is_one = [response.c.survey_id == survey_id, response.c.company_id == from_id]
    if numbers is not None:
        is_one.append(response.c.number.in_(numbers))
    moved = list(connection.scalars(select(response.c.number).where(*is_one).order_by(response.c.number)))
    for number in moved:
        connection.execute(
            update(response)
            .where(response.c.survey_id == survey_id, response.c.number == number)
            .values(company_id=to_id, revision=take_revision(connection, survey_id))
        )
    return moved


def _restore(current: CompanyFields, before: CompanyFields, after: CompanyFields) -> CompanyFields:
    """As it was before the merge, field by field, but for what was changed since."""
    names = (
        getattr((before if getattr(current.name, each) == getattr(after.name, each) else current).name, each)
        for each in ("ko", "en", "ja")
    )
    restored = replace(current, name=Text(*names))
    for field in _FIELDS[1:]:
        if getattr(current, field) == getattr(after, field):
            restored = replace(restored, **{field: getattr(before, field)})
    return restored


def _write_fields(fields: CompanyFields) -> dict[str, Any]:
    return asdict(fields)


def _read_fields(kept: Mapping[str, Any]) -> CompanyFields:
    return CompanyFields(**{**kept, "name": Text(**kept["name"])})


def _write_number(connection: Connection, survey_id: str, company_id: int, number: str | None) -> None:
    is_company = (company.c.survey_id == survey_id, company.c.company_id == company_id)
    connection.execute(update(company).where(*is_company).values(business_number=number))


def _select_merges(survey_id: str) -> Any:
    kept, merged = company.alias("kept"), company.alias("merged")
    of_kept = and_(kept.c.survey_id == company_merge.c.survey_id, kept.c.company_id == company_merge.c.kept_id)
    of_merged = and_(merged.c.survey_id == company_merge.c.survey_id, merged.c.company_id == company_merge.c.merged_id)
    return (
        select(company_merge, kept.c.name.label("kept_name"), merged.c.name.label("merged_name"))
        .select_from(company_merge.join(kept, of_kept).join(merged, of_merged))
        .where(company_merge.c.survey_id == survey_id)
    )


def _find_merge(connection: Connection, survey_id: str, merge_id: str) -> Row[Any]:
    row = connection.execute(_select_merges(survey_id).where(company_merge.c.merge_id == merge_id)).one_or_none()
    if row is None:
        raise MergeUnknown(merge_id)
    found: Row[Any] = row
    return found


def _read_merge(row: Row[Any]) -> Merge:
    return Merge(
        row.merge_id,
        row.kept_id,
        row.merged_id,
        Text(**row.kept_name),
        Text(**row.merged_name),
        row.actor,
        row.merged_at,
    )
