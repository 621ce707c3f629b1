"""Versions of a survey's questionnaire, which rounds use and never change."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from surveyapp.fieldwork.rounds.model import Round, RoundUnknown
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire, read_questionnaire
from surveyapp.records.database import lock_additions
from surveyapp.records.tables import questionnaire_version, survey

_KEPT_QUESTIONNAIRES = 16  # parsed versions that a process remembers


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the survey's questionnaire."""

    version: str
    registered_at: datetime


class VersionTaken(Exception):
    """Another questionnaire was registered under this version; versions never change."""


def register_questionnaire(connection: Connection, questionnaire: Questionnaire, now: datetime) -> None:
    """Keep this version of the questionnaire, and its survey where it is new. Raises `VersionTaken`."""
    survey_id, version = questionnaire.form_id, questionnaire.version
    lock_additions(connection)
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


def list_versions(connection: Connection, survey_id: str) -> tuple[Version, ...]:
    """Every version of the survey's questionnaire, the one that was registered last first."""
    rows = connection.execute(
        select(questionnaire_version.c.version, questionnaire_version.c.created_at)
        .where(questionnaire_version.c.survey_id == survey_id)
        .order_by(questionnaire_version.c.created_at.desc(), questionnaire_version.c.version.desc())
    )
    return tuple(Version(*row) for row in rows)


def load_questionnaire_of(connection: Connection, round_: Round) -> Questionnaire:
    """The version that the round uses, parsed once a process. Raises `RoundUnknown` where it was never registered."""
    remembered = _questionnaires.get(round_.questionnaire_digest)
    if remembered is not None:
        return remembered
    found = load_version(connection, round_.survey_id, round_.questionnaire_version)
    if found is None:
        raise RoundUnknown(round_.slug)
    return found


def load_version(connection: Connection, survey_id: str, version: str) -> Questionnaire | None:
    """One version of the survey's questionnaire, None where it was never registered."""
    row = connection.execute(
        select(questionnaire_version.c.source, questionnaire_version.c.digest).where(
            questionnaire_version.c.survey_id == survey_id, questionnaire_version.c.version == version
        )
    ).one_or_none()
    return None if row is None else _questionnaires.get(row.digest) or _remember(row.digest, row.source)


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
