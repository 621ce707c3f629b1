"""The directory of companies: whom a round can invite, and whose returns of several rounds belong together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, func, insert, select, update

from surveyapp.fieldwork.directory.columns import Membership
from surveyapp.fieldwork.directory.names import build_search_words
from surveyapp.questionnaire.model import LANGUAGES, Text
from surveyapp.records.database import lock_directory
from surveyapp.records.tables import company, company_merge


@dataclass(frozen=True, slots=True)
class CompanyFields:
    """What staff know of a company. `size` and `main_business` are choices of the questionnaire."""

    name: Text
    business_number: str | None = None  # ten digits
    size: str | None = None
    main_business: str | None = None
    membership: Membership = "unknown"


@dataclass(frozen=True, slots=True)
class Company:
    """One company of a survey's directory. `is_sample` marks one that was invented for a sample round."""

    survey_id: str
    company_id: int
    name: Text
    is_sample: bool
    business_number: str | None
    size: str | None
    main_business: str | None
    membership: Membership
    changed_at: datetime

    @property
    def fields(self) -> CompanyFields:
        return CompanyFields(self.name, self.business_number, self.size, self.main_business, self.membership)


class CompanyUnknown(LookupError):
    """The directory has no such company, or it was merged into another one."""


class BusinessNumberTaken(Exception):
    """Another company has this business number; `company_id` is the one in the lists, where it was merged."""

    def __init__(self, company_id: int) -> None:
        super().__init__(f"the business number belongs to company {company_id}")
        self.company_id = company_id


class CompanyChanged(Exception):
    """Somebody changed the company since it was read; `company` is how it stands now."""

    def __init__(self, now_is: Company) -> None:
        super().__init__(f"company {now_is.company_id} was changed meanwhile")
        self.company = now_is


def add_company(
    connection: Connection,
    survey_id: str,
    *,
    name: Text,
    is_sample: bool,
    now: datetime,
    business_number: str | None = None,
    size: str | None = None,
    main_business: str | None = None,
    membership: Membership = "unknown",
) -> Company:
    """Add a company under the next free number of the survey. Raises `BusinessNumberTaken`."""
    fields = CompanyFields(name, business_number, size, main_business, membership)
    lock_directory(connection)
    _check_number(connection, survey_id, business_number, None)
    company_ids = insert_companies(connection, survey_id, [fields], is_sample=is_sample, now=now)
    return find_company(connection, survey_id, company_ids[0])


def insert_companies(
    connection: Connection, survey_id: str, entries: Sequence[CompanyFields], *, is_sample: bool = False, now: datetime
) -> list[int]:
    """Add many at once and return their numbers; the caller holds the directory and has checked them."""
    highest = connection.scalar(select(func.max(company.c.company_id)).where(company.c.survey_id == survey_id))
    company_ids = [(highest or 0) + place for place in range(1, len(entries) + 1)]
    rows = [
        {
            "survey_id": survey_id,
            "company_id": company_id,
            **_write_fields(fields),
            "search_words": build_search_words([fields.name]),
            "is_sample": is_sample,
            "created_at": now,
            "changed_at": now,
        }
        for company_id, fields in zip(company_ids, entries, strict=True)
    ]
    if rows:
        connection.execute(insert(company), rows)
    return company_ids


def change_company(
    connection: Connection, read: Company, fields: CompanyFields, *, now: datetime, version: datetime | None = None
) -> Company:
    """Write down what is known of a company from now on.

    `version` is when the company that somebody looked at had been changed last. Raises `CompanyChanged` where that was
    another one, `CompanyUnknown` and `BusinessNumberTaken`.
    """
    lock_directory(connection)
    current = find_company(connection, read.survey_id, read.company_id)
    if version is not None and current.changed_at != version:
        raise CompanyChanged(current)
    if current.fields == fields:
        return current
    _check_number(connection, read.survey_id, fields.business_number, read.company_id)
    update_companies(connection, read.survey_id, {read.company_id: fields}, now=now)
    return find_company(connection, read.survey_id, read.company_id)


def update_companies(
    connection: Connection, survey_id: str, changes: dict[int, CompanyFields], *, now: datetime
) -> None:
    """Change many at once; the caller holds the directory and has checked them."""
    further = _list_merged_names(connection, survey_id, list(changes))
    rows = [
        {
            "of_survey": survey_id,
            "of_company": company_id,
            **_write_fields(fields),
            "search_words": build_search_words([fields.name, *further.get(company_id, ())]),
            "changed_at": now,
        }
        for company_id, fields in changes.items()
    ]
    if rows:
        connection.execute(_change, rows)


def refresh_search_words(connection: Connection, survey_id: str) -> int:
    """Write anew what companies are found by, where an older version of the rules wrote it; returns how many."""
    lock_directory(connection)
    companies = list_companies(connection, survey_id)
    further = _list_merged_names(connection, survey_id, [each.company_id for each in companies])
    kept = {
        row.company_id: row.search_words
        for row in connection.execute(
            select(company.c.company_id, company.c.search_words).where(company.c.survey_id == survey_id)
        )
    }
    words = {each.company_id: build_search_words([each.name, *further.get(each.company_id, ())]) for each in companies}
    rows = [
        {"of_survey": survey_id, "of_company": company_id, "search_words": found}
        for company_id, found in words.items()
        if kept[company_id] != found
    ]
    if rows:
        connection.execute(_write_search_words, rows)
    return len(rows)


def find_company(connection: Connection, survey_id: str, company_id: int) -> Company:
    """A company of the lists. Raises `CompanyUnknown`."""
    row = connection.execute(_select_listed(survey_id).where(company.c.company_id == company_id)).one_or_none()
    if row is None:
        raise CompanyUnknown(company_id)
    return read_company(row)


def list_companies(connection: Connection, survey_id: str) -> tuple[Company, ...]:
    """Every company of the survey's directory but those merged into others, in the order in which they were added."""
    rows = connection.execute(_select_listed(survey_id).order_by(company.c.company_id))
    return tuple(map(read_company, rows))


def find_number_holder(connection: Connection, survey_id: str, business_number: str) -> int | None:
    """The company of the lists that a business number belongs to: its own, or that of one merged into it."""
    holder = connection.scalar(
        select(company.c.company_id).where(
            company.c.survey_id == survey_id, company.c.business_number == business_number
        )
    )
    return None if holder is None else load_merges(connection, survey_id).get(holder, holder)


def load_merges(connection: Connection, survey_id: str) -> dict[int, int]:
    """Merged companies, and the one of the lists that each belongs to now."""
    rows = connection.execute(
        select(company_merge.c.merged_id, company_merge.c.kept_id).where(
            company_merge.c.survey_id == survey_id, company_merge.c.undone_at.is_(None)
        )
    )
    direct = {merged: kept for merged, kept in rows}  # noqa: C416 - rows become plain numbers

    def follow(company_id: int) -> int:
        while company_id in direct:
            company_id = direct[company_id]
        return company_id

    return {merged: follow(merged) for merged in direct}


def list_merged(connection: Connection, survey_id: str) -> tuple[tuple[Company, int], ...]:
    """Entries that were merged into others, each with the company of the lists that it belongs to."""
    merged = load_merges(connection, survey_id)
    if not merged:
        return ()
    rows = connection.execute(
        select(company)
        .where(company.c.survey_id == survey_id, company.c.company_id.in_(merged))
        .order_by(company.c.company_id)
    )
    return tuple((read_company(row), merged[row.company_id]) for row in rows)


def is_listed() -> ColumnElement[bool]:
    """For statements on `company`: not merged into another one."""
    merged = select(company_merge.c.merged_id).where(
        company_merge.c.survey_id == company.c.survey_id,
        company_merge.c.merged_id == company.c.company_id,
        company_merge.c.undone_at.is_(None),
    )
    return ~merged.exists()


def read_company(row: Row[Any]) -> Company:
    return Company(
        survey_id=row.survey_id,
        company_id=row.company_id,
        name=Text(**row.name),
        is_sample=row.is_sample,
        business_number=row.business_number,
        size=row.size,
        main_business=row.main_business,
        membership=row.membership,
        changed_at=row.changed_at,
    )


def _select_listed(survey_id: str) -> Select[Any]:
    return select(company).where(company.c.survey_id == survey_id, is_listed())


def _check_number(connection: Connection, survey_id: str, business_number: str | None, own_id: int | None) -> None:
    holder = None if business_number is None else find_number_holder(connection, survey_id, business_number)
    if holder is not None and holder != own_id:
        raise BusinessNumberTaken(holder)


def _list_merged_names(connection: Connection, survey_id: str, kept_ids: Iterable[int]) -> dict[int, list[Text]]:
    """Names of what was merged into these, so that they are found by them still."""
    wanted = set(kept_ids)
    names: dict[int, list[Text]] = {}
    for merged, kept in list_merged(connection, survey_id):
        if kept in wanted:
            names.setdefault(kept, []).append(merged.name)
    return names


def _write_fields(fields: CompanyFields) -> dict[str, Any]:
    return {
        "name": {language: fields.name.in_language(language) for language in LANGUAGES},
        "business_number": fields.business_number,
        "size": fields.size,
        "main_business": fields.main_business,
        "membership": fields.membership,
    }


_is_company = and_(company.c.survey_id == bindparam("of_survey"), company.c.company_id == bindparam("of_company"))
_write_search_words = update(company).where(_is_company).values(search_words=bindparam("search_words"))
_change = (
    update(company)
    .where(_is_company)
    .values(
        {
            name: bindparam(name)
            for name in (
                "name",
                "business_number",
                "size",
                "main_business",
                "membership",
                "search_words",
                "changed_at",
            )
        }
    )
)
