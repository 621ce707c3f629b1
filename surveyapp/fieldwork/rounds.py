"""Rounds: the fieldwork periods of a survey, and the questionnaire version that each of them uses."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, insert, select, update

from surveyapp.questionnaire.model import LANGUAGES, Questionnaire, Text
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire, read_questionnaire
from surveyapp.records.audit import COMMAND, write_audit
from surveyapp.records.database import lock_rows
from surveyapp.records.tables import questionnaire_version, round_table, survey

RoundKind = Literal["real", "trial", "sample"]
RoundState = Literal["not_yet_open", "open", "closed"]

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_SAMPLE_TEXT = re.compile(r"\s*[\[［].*[\]］]\s*", re.DOTALL)
_KEPT_QUESTIONNAIRES = 16  # parsed versions that a process remembers


@dataclass(frozen=True, slots=True)
class Round:
    """One fieldwork period. `operator_texts` fill the placeholders of the questionnaire's texts."""

    survey_id: str
    round_id: int
    slug: str
    kind: RoundKind
    questionnaire_version: str
    title: Text
    operator_texts: Mapping[str, Text]
    opens_at: datetime
    closes_at: datetime
    open_link: bool
    counts_companies: bool  # returns of one company count as one
    questionnaire_digest: str = field(default="", repr=False)

    def state(self, now: datetime) -> RoundState:
        """Open from `opens_at` until just before `closes_at`."""
        if now < self.opens_at:
            return "not_yet_open"
        return "open" if now < self.closes_at else "closed"

    def check_open(self, now: datetime) -> None:
        """Raises `RoundNotOpen` before and `RoundClosed` after the round."""
        state = self.state(now)
        if state == "not_yet_open":
            raise RoundNotOpen(self)
        if state == "closed":
            raise RoundClosed(self)


class RoundUnknown(LookupError):
    """There is no such round."""


class RoundNotOpen(Exception):
    """The round has not begun."""

    def __init__(self, round_: Round) -> None:
        super().__init__(f"round {round_.slug} opens on {round_.opens_at.isoformat()}")
        self.round = round_
        self.opens_at = round_.opens_at


class RoundClosed(Exception):
    """The round is over: answers can be read and withdrawn, but no longer given or changed."""

    def __init__(self, round_: Round) -> None:
        super().__init__(f"round {round_.slug} closed on {round_.closes_at.isoformat()}")
        self.round = round_
        self.closes_at = round_.closes_at


class RoundFault(Exception):
    """A round cannot be opened or changed like this; the message says why in one English sentence."""


class SlugUnusable(RoundFault):
    """The slug cannot stand in an address."""


class SlugTaken(RoundFault):
    """Another round of the survey has this slug."""


class RoundDatesWrong(RoundFault):
    """The round would end before it begins, or a time has no zone."""


class PlaceholderUnfilled(RoundFault):
    """The operator's own words are missing: `names` are the placeholders without them, in the questionnaire's order."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"the operator's texts are missing in Korean, English or Japanese for: {', '.join(names)}")
        self.names = names


class VersionTaken(Exception):
    """Another questionnaire was registered under this version; versions never change."""


def register_questionnaire(connection: Connection, questionnaire: Questionnaire, now: datetime) -> None:
    """Keep this version of the questionnaire, and its survey where it is new. Raises `VersionTaken`."""
    survey_id, version = questionnaire.form_id, questionnaire.version
    if connection.scalar(select(survey.c.survey_id).where(survey.c.survey_id == survey_id)) is None:
        connection.execute(insert(survey).values(survey_id=survey_id, revision=0, last_number=0, created_at=now))
    known = connection.scalar(
        select(questionnaire_version.c.digest).where(
            questionnaire_version.c.survey_id == survey_id, questionnaire_version.c.version == version
        )
    )
    if known is None:
        connection.execute(
            insert(questionnaire_version).values(
                survey_id=survey_id,
                version=version,
                source=questionnaire.source,
                digest=questionnaire.digest,
                created_at=now,
            )
        )
    elif known != questionnaire.digest:
        raise VersionTaken(
            f"version {version} of {survey_id} is registered with other questions: give it a new version"
        )


def open_round(
    connection: Connection,
    questionnaire: Questionnaire,
    *,
    slug: str,
    kind: RoundKind,
    title: Text,
    operator_texts: Mapping[str, Text],
    opens_at: datetime,
    closes_at: datetime,
    open_link: bool,
    counts_companies: bool,
    now: datetime,
    actor: str = COMMAND,
) -> Round:
    """Make a round of a registered questionnaire. It takes returns from `opens_at` until `closes_at`.

    Raises `PlaceholderUnfilled`, `SlugUnusable`, `SlugTaken`, `RoundDatesWrong`, and `RoundFault` without a full title.
    """
    unfilled = find_unfilled(questionnaire, operator_texts)
    if unfilled:
        raise PlaceholderUnfilled(unfilled)
    if not _SLUG.fullmatch(slug):
        raise SlugUnusable(f"{slug!r} must be 1 to 64 small letters, digits and hyphens, with no hyphen at either end")
    if not all(title.in_language(language).strip() for language in LANGUAGES):
        raise RoundFault("the title must be given in Korean, English and Japanese")
    _check_dates(opens_at, closes_at)
    survey_id = questionnaire.form_id
    # Two rounds opened at once would otherwise draw the same number where both transactions run side by side.
    lock_rows(connection, _lock_survey, {"of_survey": survey_id})
    if connection.scalar(
        select(round_table.c.round_id).where(round_table.c.survey_id == survey_id, round_table.c.slug == slug)
    ):
        raise SlugTaken(f"there is a round {slug!r} already")
    highest = connection.scalar(select(func.max(round_table.c.round_id)).where(round_table.c.survey_id == survey_id))
    opened = Round(
        survey_id=survey_id,
        round_id=(highest or 0) + 1,
        slug=slug,
        kind=kind,
        questionnaire_version=questionnaire.version,
        title=title,
        operator_texts={name: operator_texts[name] for name in questionnaire.placeholders},
        opens_at=opens_at,
        closes_at=closes_at,
        open_link=open_link,
        counts_companies=counts_companies,
        questionnaire_digest=questionnaire.digest,
    )
    connection.execute(
        insert(round_table).values(
            survey_id=survey_id,
            round_id=opened.round_id,
            slug=slug,
            kind=kind,
            questionnaire_version=opened.questionnaire_version,
            title=_write_text(title),
            operator_texts={name: _write_text(text) for name, text in opened.operator_texts.items()},
            opens_at=opens_at,
            closes_at=closes_at,
            open_link=open_link,
            counts_companies=counts_companies,
            created_at=now,
        )
    )
    _audit_dates(connection, opened, actor=actor, action="round.opened", now=now)
    return opened


def change_dates(
    connection: Connection, round_: Round, *, opens_at: datetime, closes_at: datetime, actor: str, now: datetime
) -> Round:
    """Extend, shorten, close (with `closes_at` = `now`) or reopen a round. Raises `RoundDatesWrong`."""
    _check_dates(opens_at, closes_at)
    connection.execute(
        update(round_table)
        .where(round_table.c.survey_id == round_.survey_id, round_table.c.round_id == round_.round_id)
        .values(opens_at=opens_at, closes_at=closes_at)
    )
    changed = replace(round_, opens_at=opens_at, closes_at=closes_at)
    _audit_dates(connection, changed, actor=actor, action="round.dates_changed", now=now)
    return changed


def find_unfilled(questionnaire: Questionnaire, operator_texts: Mapping[str, Text]) -> tuple[str, ...]:
    """Placeholders for which a language is blank or still holds a sample in square brackets or another placeholder."""
    return tuple(
        name
        for name in questionnaire.placeholders
        if name not in operator_texts
        or not all(_is_filled(operator_texts[name].in_language(language)) for language in LANGUAGES)
    )


def find_round(connection: Connection, survey_id: str, slug: str) -> Round:
    """The round behind an address. Raises `RoundUnknown`."""
    row = connection.execute(_select_rounds(survey_id).where(round_table.c.slug == slug)).one_or_none()
    if row is None:
        raise RoundUnknown(slug)
    return _read_round(row)


def find_round_by_id(connection: Connection, survey_id: str, round_id: int) -> Round:
    """The round of a draft or response. Raises `RoundUnknown`."""
    row = connection.execute(_select_rounds(survey_id).where(round_table.c.round_id == round_id)).one_or_none()
    if row is None:
        raise RoundUnknown(str(round_id))
    return _read_round(row)


def hold_round(connection: Connection, round_: Round) -> Round:
    """The round as it is now, locked until the transaction ends: what begins in it begins one after another."""
    lock_rows(connection, _lock_round, {"of_survey": round_.survey_id, "of_round": round_.round_id})
    return find_round_by_id(connection, round_.survey_id, round_.round_id)


def list_rounds(connection: Connection, survey_id: str) -> tuple[Round, ...]:
    """All rounds of a survey, the one that opened last first."""
    query = _select_rounds(survey_id).order_by(round_table.c.opens_at.desc(), round_table.c.round_id.desc())
    return tuple(_read_round(row) for row in connection.execute(query))


def load_questionnaire_of(connection: Connection, round_: Round) -> Questionnaire:
    """The version that the round uses, parsed once a process. Raises `RoundUnknown` where it was never registered."""
    remembered = _questionnaires.get(round_.questionnaire_digest)
    if remembered is not None:
        return remembered
    row = connection.execute(
        select(questionnaire_version.c.source, questionnaire_version.c.digest).where(
            questionnaire_version.c.survey_id == round_.survey_id,
            questionnaire_version.c.version == round_.questionnaire_version,
        )
    ).one_or_none()
    if row is None:
        raise RoundUnknown(round_.slug)
    return _questionnaires.get(row.digest) or _remember(row.digest, row.source)


_lock_survey = select(survey.c.survey_id).where(survey.c.survey_id == bindparam("of_survey")).with_for_update()
_lock_round = (
    select(round_table.c.round_id)
    .where(round_table.c.survey_id == bindparam("of_survey"), round_table.c.round_id == bindparam("of_round"))
    .with_for_update()
)


def _read_round(row: Row[Any]) -> Round:
    return Round(
        survey_id=row.survey_id,
        round_id=row.round_id,
        slug=row.slug,
        kind=row.kind,
        questionnaire_version=row.questionnaire_version,
        title=Text(**row.title),
        operator_texts={name: Text(**text) for name, text in row.operator_texts.items()},
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        open_link=row.open_link,
        counts_companies=row.counts_companies,
        questionnaire_digest=row.digest,
    )


def _select_rounds(survey_id: str) -> Select[Any]:
    uses_version = and_(
        questionnaire_version.c.survey_id == round_table.c.survey_id,
        questionnaire_version.c.version == round_table.c.questionnaire_version,
    )
    return (
        select(round_table, questionnaire_version.c.digest)
        .select_from(round_table.join(questionnaire_version, uses_version))
        .where(round_table.c.survey_id == survey_id)
    )


_questionnaires: dict[str, Questionnaire] = {}  # by digest: the same source is the same questionnaire everywhere
_parsing = threading.Lock()


def _remember(digest: str, source: str) -> Questionnaire:
    with _parsing:
        if digest in _questionnaires:
            return _questionnaires[digest]
        builtin = load_builtin_questionnaire()
        parsed = builtin if builtin.digest == digest else read_questionnaire(source)
        while len(_questionnaires) >= _KEPT_QUESTIONNAIRES:
            del _questionnaires[next(iter(_questionnaires))]
        _questionnaires[digest] = parsed
        return parsed


def _check_dates(opens_at: datetime, closes_at: datetime) -> None:
    if opens_at.tzinfo is None or closes_at.tzinfo is None:
        raise RoundDatesWrong("a round's times must say their zone")
    if closes_at <= opens_at:
        raise RoundDatesWrong("a round must close after it opens")


def _is_filled(words: str) -> bool:
    return bool(words.strip()) and "{{" not in words and not _SAMPLE_TEXT.fullmatch(words)


def _write_text(text: Text) -> dict[str, str]:
    return {language: text.in_language(language) for language in LANGUAGES}


def _audit_dates(connection: Connection, round_: Round, *, actor: str, action: str, now: datetime) -> None:
    write_audit(
        connection,
        actor=actor,
        action=action,
        at=now,
        survey_id=round_.survey_id,
        round_id=round_.round_id,
        details={"opens_at": round_.opens_at.isoformat(), "closes_at": round_.closes_at.isoformat()},
    )
