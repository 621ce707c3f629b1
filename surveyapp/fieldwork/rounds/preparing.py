"""Preparing a round: out of sight until it is scheduled, and open to every change until then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from surveyapp.fieldwork.rounds.checking import check_dates, check_slug, find_obstacles, find_unfilled
from surveyapp.fieldwork.rounds.finding import find_round_by_id, hold_edition, hold_survey
from surveyapp.fieldwork.rounds.model import (
    PlaceholderUnfilled,
    Round,
    RoundBegun,
    RoundFault,
    RoundKind,
    RoundNotReady,
    SlugTaken,
    StateWrong,
    ThresholdsWrong,
    write_text,
)
from surveyapp.fieldwork.rounds.versions import load_questionnaire_of, load_version
from surveyapp.fieldwork.thresholds import (
    LEAST_THRESHOLDS,
    AudienceThresholds,
    find_threshold_faults,
    write_thresholds,
)
from surveyapp.questionnaire.model import LANGUAGES, Questionnaire, Text
from surveyapp.records.audit import COMMAND, write_audit
from surveyapp.records.tables import draft, refusal, response, round_table

BLANK = Text("", "", "")


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """What can be changed of a round in preparation. Texts may still be blank, and times may lie in the past."""

    slug: str
    kind: RoundKind
    questionnaire_version: str
    title: Text
    operator_texts: Mapping[str, Text]
    opens_at: datetime
    closes_at: datetime
    open_link: bool

    @classmethod
    def of_round(cls, round_: Round) -> RoundPlan:
        return cls(
            slug=round_.slug,
            kind=round_.kind,
            questionnaire_version=round_.questionnaire_version,
            title=round_.title,
            operator_texts=round_.operator_texts,
            opens_at=round_.opens_at,
            closes_at=round_.closes_at,
            open_link=round_.open_link,
        )


def prepare_round(
    connection: Connection,
    survey_id: str,
    plan: RoundPlan,
    *,
    thresholds: AudienceThresholds = LEAST_THRESHOLDS,
    actor: str,
    now: datetime,
) -> Round:
    """Make a round that nobody outside the desk learns of.

    Raises `SlugUnusable`, `SlugTaken`, `RoundDatesWrong`, `ThresholdsWrong`, and `RoundFault` for an unknown version.
    """
    check_thresholds(thresholds)
    round_id = _add_round(connection, survey_id, plan, thresholds, scheduled_at=None, now=now)
    prepared = find_round_by_id(connection, survey_id, round_id)
    audit_round(connection, prepared, action="round.prepared", actor=actor, now=now, details=name_times(prepared))
    return prepared


def change_plan(
    connection: Connection, round_: Round, plan: RoundPlan, *, seen: str | None, actor: str, now: datetime
) -> Round:
    """Change a round in preparation. `seen` is the edition that the person changed.

    Raises what `prepare_round` raises, `RoundChanged`, `RoundBegun`, and `StateWrong` once it is scheduled.
    """
    held = hold_edition(connection, round_, seen)
    if held.scheduled_at is not None:
        raise StateWrong(held, held.state(now), "only a round in preparation can be changed")
    if plan.questionnaire_version != held.questionnaire_version:
        _check_untouched(connection, held)
    values = _write_plan(connection, held.survey_id, plan)
    if plan.slug != held.slug:
        _check_slug_free(connection, held.survey_id, plan.slug)
    update_round(connection, held, values)
    changed = find_round_by_id(connection, held.survey_id, held.round_id)
    names = _name_changes(held, changed)
    if names:
        audit_round(
            connection, changed, action="round.changed", actor=actor, now=now, details={"changed": " ".join(names)}
        )
    return changed


def schedule_round(
    connection: Connection, round_: Round, *, seen: str | None, actor: str, now: datetime, at_once: bool = False
) -> Round:
    """Let a prepared round open at its time, or `at_once`.

    Raises `RoundNotReady` naming all that is missing, `RoundChanged`, and `StateWrong` where it was scheduled already.
    """
    held = hold_edition(connection, round_, seen)
    if held.scheduled_at is not None:
        raise StateWrong(held, held.state(now), "it was scheduled already")
    wanted = replace(held, opens_at=now) if at_once else held
    obstacles = find_obstacles(wanted, load_questionnaire_of(connection, held), now)
    if obstacles:
        raise RoundNotReady(obstacles)
    update_round(connection, held, {"opens_at": wanted.opens_at, "scheduled_at": now})
    scheduled = replace(wanted, scheduled_at=now)
    details = {**name_times(scheduled), "open_link": scheduled.open_link}
    audit_round(connection, scheduled, action="round.scheduled", actor=actor, now=now, details=details)
    return scheduled


def unschedule_round(connection: Connection, round_: Round, *, seen: str | None, actor: str, now: datetime) -> Round:
    """Take a round back into preparation before it opened. Raises `RoundChanged`, `StateWrong` and `RoundBegun`."""
    held = hold_edition(connection, round_, seen)
    state = held.state(now)
    if state != "not_yet_open":
        raise StateWrong(held, state, "only a round that has not opened can go back into preparation")
    _check_untouched(connection, held)
    update_round(connection, held, {"scheduled_at": None})
    audit_round(connection, held, action="round.unscheduled", actor=actor, now=now)
    return replace(held, scheduled_at=None)


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
    """Make a round that takes returns from `opens_at` until `closes_at`, in one step, also of times that are past.

    Raises `PlaceholderUnfilled`, `SlugUnusable`, `SlugTaken`, `RoundDatesWrong`, and `RoundFault` without a full title.
    """
    unfilled = find_unfilled(questionnaire, operator_texts)
    if unfilled:
        raise PlaceholderUnfilled(unfilled)
    check_slug(slug)
    if not all(title.in_language(language).strip() for language in LANGUAGES):
        raise RoundFault("the title must be given in Korean, English and Japanese")
    plan = RoundPlan(slug, kind, questionnaire.version, title, operator_texts, opens_at, closes_at, open_link)
    survey_id = questionnaire.form_id
    round_id = _add_round(connection, survey_id, plan, LEAST_THRESHOLDS, scheduled_at=now, now=now)
    opened = find_round_by_id(connection, survey_id, round_id)
    if opened.counts_companies != counts_companies:
        update_round(connection, opened, {"counts_companies": counts_companies})
        opened = replace(opened, counts_companies=counts_companies)
    audit_round(connection, opened, action="round.opened", actor=actor, now=now, details=name_times(opened))
    return opened


def check_thresholds(thresholds: AudienceThresholds) -> None:
    """Raises `ThresholdsWrong`."""
    faults = tuple(find_threshold_faults(thresholds))
    if faults:
        raise ThresholdsWrong(faults)


def update_round(connection: Connection, round_: Round, values: Mapping[str, object]) -> None:
    """Set columns of the round's row."""
    connection.execute(
        update(round_table)
        .where(round_table.c.survey_id == round_.survey_id, round_table.c.round_id == round_.round_id)
        .values(**values)
    )


def audit_round(
    connection: Connection,
    round_: Round,
    *,
    action: str,
    actor: str,
    now: datetime,
    details: Mapping[str, str | int | bool | None] | None = None,
) -> None:
    """One line of the trail about the round, `round.closed` and the like."""
    write_audit(
        connection,
        actor=actor,
        action=action,
        at=now,
        survey_id=round_.survey_id,
        round_id=round_.round_id,
        details=details,
    )


def _add_round(
    connection: Connection,
    survey_id: str,
    plan: RoundPlan,
    thresholds: AudienceThresholds,
    *,
    scheduled_at: datetime | None,
    now: datetime,
) -> int:
    values = _write_plan(connection, survey_id, plan)
    hold_survey(connection, survey_id)
    _check_slug_free(connection, survey_id, plan.slug)
    highest = connection.scalar(select(func.max(round_table.c.round_id)).where(round_table.c.survey_id == survey_id))
    round_id = (highest or 0) + 1
    connection.execute(
        insert(round_table).values(
            survey_id=survey_id,
            round_id=round_id,
            thresholds=write_thresholds(thresholds),
            retention={},
            scheduled_at=scheduled_at,
            created_at=now,
            **values,
        )
    )
    return round_id


def _write_plan(connection: Connection, survey_id: str, plan: RoundPlan) -> dict[str, object]:
    """The columns of a plan. Texts for what the questionnaire does not ask for are left out."""
    check_slug(plan.slug)
    check_dates(plan.opens_at, plan.closes_at)
    questionnaire = load_version(connection, survey_id, plan.questionnaire_version)
    if questionnaire is None:
        raise RoundFault(f"there is no version {plan.questionnaire_version!r} of the questionnaire")
    texts = {name: plan.operator_texts.get(name, BLANK) for name in questionnaire.placeholders}
    return {
        "slug": plan.slug,
        "kind": plan.kind,
        "questionnaire_version": plan.questionnaire_version,
        "title": write_text(plan.title),
        "operator_texts": {name: write_text(text) for name, text in texts.items()},
        "opens_at": plan.opens_at,
        "closes_at": plan.closes_at,
        "open_link": plan.open_link,
        # Whoever has the address may answer more than once for a company that nobody knows; invited companies may not.
        "counts_companies": not plan.open_link,
    }


def _check_slug_free(connection: Connection, survey_id: str, slug: str) -> None:
    if connection.scalar(
        select(round_table.c.round_id).where(round_table.c.survey_id == survey_id, round_table.c.slug == slug)
    ):
        raise SlugTaken(f"there is a round {slug!r} already")


def _check_untouched(connection: Connection, round_: Round) -> None:
    """Raises `RoundBegun` where there is a return of the round, finished or not."""
    for table in (draft, response, refusal):
        found = connection.execute(
            select(table.c.round_id)
            .where(table.c.survey_id == round_.survey_id, table.c.round_id == round_.round_id)
            .limit(1)
        )
        if found.first() is not None:
            raise RoundBegun(f"round {round_.slug} has returns already")


def name_times(round_: Round) -> dict[str, str | int | bool | None]:
    """Both ends of a round, as the trail holds them."""
    details: dict[str, str | int | bool | None] = {
        "opens_at": round_.opens_at.isoformat(),
        "closes_at": round_.closes_at.isoformat(),
    }
    return details


def _name_changes(before: Round, after: Round) -> list[str]:
    names = [
        name
        for name in ("slug", "kind", "questionnaire_version", "title", "opens_at", "closes_at", "open_link")
        if getattr(before, name) != getattr(after, name)
    ]
    texts = {**before.operator_texts, **after.operator_texts}
    return names + [name for name in texts if before.operator_texts.get(name) != after.operator_texts.get(name)]
