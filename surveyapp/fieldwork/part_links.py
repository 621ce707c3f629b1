"""Links to a return beside its own: to a part of it, handed to a colleague, and own ones that were replaced.

A part link opens chosen sections, or single pages, and nothing else: not the other answers, not consent, not submitting
or withdrawing. Who was given it is kept encrypted, in the words of the person who holds the return. Every function
takes the connection of a transaction that the edge opened, and never commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, update

from surveyapp.fieldwork.consent import CONSENT_QUESTIONS, PARTICIPATION
from surveyapp.fieldwork.drafts import (
    Draft,
    LinkUnknown,
    ReturnWithdrawn,
    check_open,
    hash_token,
    hold_draft,
    load_draft,
    update_draft,
)
from surveyapp.fieldwork.rounds import Round, find_round_by_id
from surveyapp.questionnaire.model import Group, Language, Page, Questionnaire
from surveyapp.records.audit import RESPONDENT, write_audit
from surveyapp.records.confidential import erase_confidential, open_confidential, write_confidential
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import confidential, draft, return_link, return_visit

LABEL_LENGTH = 60
MOST_LINKS = 50  # part links of one return, ended ones included

EndReason = Literal["replaced", "part_ended", "revoked"]
PartProblem = Literal["sections", "label", "label_length", "many"]
_LABEL = "label"
_DELIBERATE = frozenset({PARTICIPATION, *CONSENT_QUESTIONS})
_OWN_LINK = ""  # of a visit through the return's own link


class LinkEnded(Exception):
    """A genuine link that was replaced, ended or revoked on purpose, with the round that it belonged to, and the return
    where one was begun: `draft_id` is blank where there was none."""

    def __init__(self, reason: EndReason, ended_at: datetime, draft_id: str, language: Language, round_: Round) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ended_at = ended_at
        self.draft_id = draft_id
        self.language: Language = language
        self.round = round_


class PageNotInPart(Exception):
    """The page belongs to another part of the return, or is nobody's but its holder's."""


class PartRefused(Exception):
    """A part link cannot be made like this; `problem` says which of the things given is wrong."""

    def __init__(self, problem: PartProblem) -> None:
        super().__init__(problem)
        self.problem: PartProblem = problem


@dataclass(frozen=True, slots=True)
class PartLink:
    """One part link. `sections` are names of sections or of single pages; `label` is blank once it was erased."""

    link_id: str
    sections: tuple[str, ...]
    label: str
    created_at: datetime
    ended_at: datetime | None
    page: str = ""  # the page opened last through this link, and when; blank and None before the first
    seen_at: datetime | None = None

    def covers(self, page: Page) -> bool:
        return is_handable(page) and not {page.name, page.section.name}.isdisjoint(self.sections)


@dataclass(frozen=True, slots=True)
class PartLinks:
    """The part links of one return, oldest first, and where the return's own link was last."""

    links: tuple[PartLink, ...] = ()
    own_page: str = ""
    own_seen_at: datetime | None = None

    @property
    def live(self) -> tuple[PartLink, ...]:
        return tuple(link for link in self.links if link.ended_at is None)


@dataclass(frozen=True, slots=True)
class Part:
    """A return as a part link opens it: `draft` without what names somebody or reaches somebody in other parts."""

    link: PartLink
    draft: Draft


def is_handable(page: Page) -> bool:
    """Whether a page can be handed on: consent is given and withdrawn by the holder of the return alone."""
    return _DELIBERATE.isdisjoint(question.name for question in page.questions)


def list_handable(questionnaire: Questionnaire) -> tuple[tuple[Group, tuple[Page, ...]], ...]:
    """The sections that can be handed on, each with the pages that go with it."""
    by_section = (
        (section, tuple(page for page in questionnaire.pages if page.section.name == section.name))
        for section in questionnaire.sections
    )
    handable = ((section, tuple(page for page in pages if is_handable(page))) for section, pages in by_section)
    return tuple((section, pages) for section, pages in handable if pages)


def make_part_link(
    connection: Connection,
    vault: Vault,
    of_draft: Draft,
    questionnaire: Questionnaire,
    *,
    token: str,
    sections: Collection[str],
    label: str,
    now: datetime,
) -> PartLink:
    """Hand on a part of the return. The same `token` is always the same link, however often it is sent.

    Raises `PartRefused`, `ReturnWithdrawn`, `RoundClosed`, `RoundNotOpen`, and `LinkUnknown` where the token belongs to
    another return.
    """
    row = hold_draft(connection, of_draft.survey_id, of_draft.draft_id)
    if row.state == "withdrawn":
        raise ReturnWithdrawn
    known = _find_by_token(connection, row.survey_id, token)
    if known is not None:
        if known.draft_id != row.draft_id or known.kind != "part":
            raise LinkUnknown
        return _read_link(vault, known)
    check_open(connection, row, now)
    chosen = _check_sections(questionnaire, sections)
    words = _check_label(label)
    _check_room(connection, row)
    label_link = write_confidential(
        connection,
        vault,
        survey_id=row.survey_id,
        link=None,
        compartment="label",
        answers={_LABEL: words},
        lookup_value=None,
        now=now,
    )
    link = PartLink(secrets.token_hex(16), chosen, words, now, None)
    _add_link(connection, row, "part", link, hash_token(token), label_link)
    _audit(connection, row, "return.part_handed", now, ", ".join(chosen))
    return link


def end_part_link(connection: Connection, of_draft: Draft, link_id: str, *, now: datetime) -> None:
    """End a part link; again without effect. What was answered through it stays. Raises `LinkUnknown`."""
    row = hold_draft(connection, of_draft.survey_id, of_draft.draft_id)
    known = connection.execute(
        select(return_link.c.ended_at).where(*_is_part_of(row), return_link.c.link_id == link_id)
    ).one_or_none()
    if known is None:
        raise LinkUnknown
    if known.ended_at is None:
        connection.execute(
            update(return_link).where(*_is_part_of(row), return_link.c.link_id == link_id).values(ended_at=now)
        )
        _audit(connection, row, "return.part_ended", now)


def replace_own_link(
    connection: Connection, of_draft: Draft, *, token: str, new_token: str, ends_parts: bool, now: datetime
) -> None:
    """Let `new_token` open the return from now on; the old link then says that it was replaced. Possible at any time.

    With `ends_parts` the links to parts end too. Raises `LinkEnded` where `token` was replaced meanwhile, and
    `ReturnWithdrawn`.
    """
    row = hold_draft(connection, of_draft.survey_id, of_draft.draft_id)
    if row.state == "withdrawn":
        raise ReturnWithdrawn
    if row.token_hash != hash_token(token):
        check_not_former(connection, row.survey_id, token)
        raise LinkUnknown
    if _find_by_token(connection, row.survey_id, new_token) is not None:
        raise LinkUnknown  # or one token would open both a part and the whole
    former = PartLink(secrets.token_hex(16), (), "", row.started_at, now)
    _add_link(connection, row, "former", former, row.token_hash, None)
    update_draft(connection, row, {"token_hash": hash_token(new_token)})
    _audit(connection, row, "return.link_replaced", now)
    if ends_parts:
        end_all_parts(connection, row, now=now)


def end_all_parts(connection: Connection, row: Row[Any], *, now: datetime) -> None:
    """End every part link of a return in a row of `hold_draft`."""
    connection.execute(
        update(return_link).where(*_is_part_of(row), return_link.c.ended_at.is_(None)).values(ended_at=now)
    )


def check_not_former(connection: Connection, survey_id: str, token: str) -> None:
    """Raises `LinkEnded` where the token was that of a return's own link which was replaced."""
    known = _find_by_token(connection, survey_id, token)
    if known is not None and known.kind == "former":
        raise _describe_end(connection, known, "replaced", known.ended_at)


def find_part(connection: Connection, vault: Vault, survey_id: str, token: str) -> Part:
    """The part behind a part link; of a withdrawn return without answers. Raises `LinkUnknown` and `LinkEnded`."""
    known = _find_by_token(connection, survey_id, token)
    if known is None or known.kind != "part":
        raise LinkUnknown
    opened = load_draft(connection, vault, survey_id, known.draft_id)
    if known.ended_at is not None and opened.state != "withdrawn":
        raise _describe_end(connection, known, "part_ended", known.ended_at)
    return Part(_read_link(vault, known), opened)


def narrow_part(part: Part, questionnaire: Questionnaire) -> Part:
    """The part without what names the company or reaches a person on pages that it does not open."""
    sealed = questionnaire.questions_in("identity", "contact")
    hidden = {question.name for question in sealed if not part.link.covers(questionnaire.page_of[question.name])}
    answers = {name: stored for name, stored in part.draft.answers.items() if name not in hidden}
    return Part(part.link, replace(part.draft, answers=answers))


def hold_part(connection: Connection, part: Part, page: Page) -> None:
    """Lock the return and make sure that the part link may still write to this page, until the transaction ends.

    Raises `PageNotInPart` and `LinkEnded`.
    """
    if not part.link.covers(page):
        raise PageNotInPart
    row = hold_draft(connection, part.draft.survey_id, part.draft.draft_id)
    ended_at = connection.scalar(
        select(return_link.c.ended_at).where(*_is_part_of(row), return_link.c.link_id == part.link.link_id)
    )
    if ended_at is not None and row.state != "withdrawn":
        raise _describe_end(connection, row, "part_ended", ended_at)


def list_part_links(connection: Connection, vault: Vault, of_draft: Draft) -> PartLinks:
    """All part links of a return, and who of them was on which page when: one statement, whatever their number."""
    rows = connection.execute(_by_draft, {"of_survey": of_draft.survey_id, "of_draft": of_draft.draft_id}).all()
    if not rows:
        return PartLinks()
    return PartLinks(tuple(_read_link(vault, row) for row in rows), rows[0].own_page or "", rows[0].own_seen_at)


def erase_links(connection: Connection, row: Row[Any], *, now: datetime) -> None:
    """End every part link of a return in a row of `hold_draft`, and erase who had them and where they were."""
    erase_confidential(connection, row.survey_id, connection.scalars(_labels_of(row)).all())
    ended_at = func.coalesce(return_link.c.ended_at, bindparam("now", now, type_=return_link.c.ended_at.type))
    connection.execute(update(return_link).where(*_is_part_of(row)).values(ended_at=ended_at, label_link=None))
    connection.execute(
        delete(return_visit).where(return_visit.c.survey_id == row.survey_id, return_visit.c.draft_id == row.draft_id)
    )


def _describe_end(connection: Connection, row: Row[Any], reason: EndReason, ended_at: datetime) -> LinkEnded:
    round_ = find_round_by_id(connection, row.survey_id, row.round_id)
    return LinkEnded(reason, ended_at, row.draft_id, row.language, round_)


def _check_sections(questionnaire: Questionnaire, names: Iterable[str]) -> tuple[str, ...]:
    wanted = set(names)
    known: list[str] = []
    for section, pages in list_handable(questionnaire):
        if section.name in wanted:
            known.append(section.name)
        else:
            known += [page.name for page in pages if page.name in wanted]
    covered = {*known, *(page.name for section, pages in list_handable(questionnaire) for page in pages)}
    if not known or not wanted <= covered:
        raise PartRefused("sections")
    return tuple(known)


def _check_label(label: str) -> str:
    words = " ".join(label.split())
    if not words or not words.isprintable():
        raise PartRefused("label")
    if len(words) > LABEL_LENGTH:
        raise PartRefused("label_length")
    return words


def _check_room(connection: Connection, row: Row[Any]) -> None:
    count = connection.scalar(select(func.count()).select_from(return_link).where(*_is_part_of(row))) or 0
    if count >= MOST_LINKS:
        raise PartRefused("many")


def _add_link(
    connection: Connection,
    row: Row[Any],
    kind: Literal["part", "former"],
    link: PartLink,
    token_hash: bytes,
    label_link: str | None,
) -> None:
    connection.execute(
        insert(return_link),
        {
            "survey_id": row.survey_id,
            "link_id": link.link_id,
            "draft_id": row.draft_id,
            "token_hash": token_hash,
            "kind": kind,
            "sections": list(link.sections),
            "label_link": label_link,
            "created_at": link.created_at,
            "ended_at": link.ended_at,
        },
    )


def _audit(connection: Connection, row: Row[Any], action: str, now: datetime, sections: str | None = None) -> None:
    write_audit(
        connection,
        actor=RESPONDENT,
        action=action,
        at=now,
        survey_id=row.survey_id,
        round_id=row.round_id,
        details={"number": row.response_number, "sections": sections},
    )


def _find_by_token(connection: Connection, survey_id: str, token: str) -> Row[Any] | None:
    return connection.execute(_by_token, {"of_survey": survey_id, "of_token": hash_token(token)}).one_or_none()


def _read_link(vault: Vault, row: Row[Any]) -> PartLink:
    words = open_confidential(vault, row.survey_id, row.label_link, "label", row.ciphertext).get(_LABEL, "")
    return PartLink(
        link_id=row.link_id,
        sections=tuple(row.sections),
        label=str(words),
        created_at=row.created_at,
        ended_at=row.ended_at,
        page=row.page or "",
        seen_at=row.seen_at,
    )


def _is_part_of(row: Row[Any]) -> tuple[Any, ...]:
    return (
        return_link.c.survey_id == row.survey_id,
        return_link.c.draft_id == row.draft_id,
        return_link.c.kind == "part",
    )


def _labels_of(row: Row[Any]) -> Any:
    return select(return_link.c.label_link).where(*_is_part_of(row), return_link.c.label_link.is_not(None))


def _select_links(*further: Any) -> Any:
    of_label = and_(
        confidential.c.survey_id == return_link.c.survey_id, confidential.c.link == return_link.c.label_link
    )
    of_visit = and_(
        return_visit.c.survey_id == return_link.c.survey_id,
        return_visit.c.draft_id == return_link.c.draft_id,
        return_visit.c.link_id == return_link.c.link_id,
    )
    own = return_visit.alias("own_visit")
    of_own = and_(
        own.c.survey_id == return_link.c.survey_id,
        own.c.draft_id == return_link.c.draft_id,
        own.c.link_id == _OWN_LINK,
    )
    of_draft = and_(draft.c.survey_id == return_link.c.survey_id, draft.c.draft_id == return_link.c.draft_id)
    return (
        select(
            return_link,
            draft.c.round_id,
            draft.c.language,
            confidential.c.ciphertext,
            return_visit.c.page,
            return_visit.c.seen_at,
            own.c.page.label("own_page"),
            own.c.seen_at.label("own_seen_at"),
        )
        .select_from(
            return_link.join(draft, of_draft)
            .outerjoin(confidential, of_label)
            .outerjoin(return_visit, of_visit)
            .outerjoin(own, of_own)
        )
        .where(return_link.c.survey_id == bindparam("of_survey"), *further)
    )


_by_token = _select_links(return_link.c.token_hash == bindparam("of_token"))
_by_draft = _select_links(return_link.c.draft_id == bindparam("of_draft"), return_link.c.kind == "part").order_by(
    return_link.c.created_at, return_link.c.link_id
)
