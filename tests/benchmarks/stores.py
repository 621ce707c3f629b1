"""Databases full of invented returns, one a size, made once a run in a temporary folder. Seeding is never timed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from surveyapp.fieldwork.answering import save_page, start_return
from surveyapp.fieldwork.drafts import Draft, make_token
from surveyapp.fieldwork.receipts import ALPHABET
from surveyapp.fieldwork.rounds import Round, list_rounds, open_round, register_questionnaire
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.questionnaire.paths import evaluate
from surveyapp.records.database import Database, open_database
from surveyapp.records.encryption import Vault
from surveyapp.records.migrations import migrate
from surveyapp.records.tables import response, survey
from surveyapp.settings import Settings
from tests.benchmarks.installation import EARLIER, LATER, build_settings, keep_database_url
from tests.benchmarks.returns import InventedReturn, draw_returns

BATCH = 5000
OPENED = datetime(2025, 3, 3, 0, 0, tzinfo=UTC)
NOW = OPENED + timedelta(days=20)  # both rounds are open then
EARLIER_SHARE = 0.25  # of the returns belong to the earlier round
EVERY_WITHDRAWN = 97  # one return in so many was withdrawn
EVERY_EDITED = 31  # and one in so many was edited, which puts it at the end of the change feed


@dataclass(frozen=True, slots=True)
class Store:
    """A database with `size` returns in two rounds."""

    size: int
    settings: Settings
    questionnaire: Questionnaire
    database: Database
    rounds: Mapping[str, Round]  # by slug

    @property
    def survey_id(self) -> str:
        return self.questionnaire.form_id

    @property
    def path(self) -> Path:
        return self.settings.instance / "survey.sqlite3"

    @property
    def later(self) -> Round:
        """The round that is measured: three quarters of the returns."""
        return self.rounds[LATER]


@dataclass(slots=True)
class Stores:
    """The databases of one run. Use as a context manager: at the end all are closed.

    `seeds`: where filled databases are kept for the next run; None keeps none.
    """

    folder: Path
    questionnaire: Questionnaire
    seeds: Path | None = None
    _kept: dict[str, Store] = field(default_factory=dict)

    def __enter__(self) -> Stores:
        return self

    def __exit__(self, *raised: object) -> None:
        for store in self._kept.values():
            store.database.close()

    def find(self, size: int) -> Store:
        """The database of a size, filled when first asked for. It is for reading."""
        name = f"of-{size}"
        if name not in self._kept:
            instance = (self.seeds or self.folder) / name
            if instance.is_dir():
                self._kept[name] = reopen_store(instance, self.questionnaire, size)
            else:
                print(f"seeding {size:,} responses", file=sys.stderr)
                self._kept[name] = fill_store(instance, self.questionnaire, size)
        return self._kept[name]

    def copy(self, size: int, purpose: str) -> Store:
        """A copy of the database of a size, for a figure that changes it; the same copy for the same purpose."""
        name = f"{purpose}-{size}"
        if name not in self._kept:
            original = self.find(size)
            original.database.close()  # the last connection empties the write-ahead log into the file
            instance = self.folder / name
            instance.mkdir()
            shutil.copy(original.path, instance / original.path.name)
            settings = build_settings(instance)
            self._kept[name] = replace(original, settings=settings, database=open_database(settings.database_url))
        return self._kept[name]

    def drop(self, size: int, purpose: str) -> None:
        """Close and delete a copy that is not needed any more: large ones take gigabytes."""
        store = self._kept.pop(f"{purpose}-{size}", None)
        if store is not None:
            store.database.close()
            shutil.rmtree(store.settings.instance)


def fill_store(instance: Path, questionnaire: Questionnaire, size: int, database_url: str = "") -> Store:
    """A migrated database with two open rounds and `size` returns, the earlier round's first."""
    instance.mkdir()
    if database_url:
        keep_database_url(instance, database_url)
    settings = build_settings(instance)
    database = open_database(settings.database_url)
    migrate(database)
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, OPENED)
        rounds = {
            slug: open_round(
                connection,
                questionnaire,
                slug=slug,
                kind="sample",
                title=Text(ko="회차", en="Round", ja="実施回"),
                operator_texts={name: Text(ko="예시", en="Sample", ja="例") for name in questionnaire.placeholders},
                opens_at=opens_at,
                closes_at=OPENED + timedelta(days=36_500),
                open_link=True,
                counts_companies=False,
                now=OPENED,
            )
            for slug, opens_at in ((EARLIER, OPENED - timedelta(days=365)), (LATER, OPENED))
        }
    store = Store(size, settings, questionnaire, database, rounds)
    _insert_rows(store, _build_rows(store))
    return store


class SeedUnfit(Exception):
    """A kept database is not full, or was filled for another version of the questionnaire."""


def reopen_store(instance: Path, questionnaire: Questionnaire, size: int) -> Store:
    """The database that an earlier run filled. Raises SeedUnfit."""
    settings = build_settings(instance)
    database = open_database(settings.database_url)
    with database.read() as connection:
        rounds = {found.slug: found for found in list_rounds(connection, questionnaire.form_id)}
        last = connection.scalar(select(survey.c.last_number).where(survey.c.survey_id == questionnaire.form_id))
    if last != size or {found.questionnaire_version for found in rounds.values()} != {questionnaire.version}:
        database.close()
        raise SeedUnfit(f"{instance.name}: delete it, and it is filled anew")
    return Store(size, settings, questionnaire, database, rounds)


def add_returns(store: Store, count: int) -> None:
    """Append `count` returns to the later round, as if they had just come in."""
    with store.database.write() as connection:
        last = connection.execute(
            update(survey)
            .where(survey.c.survey_id == store.survey_id)
            .values(revision=survey.c.revision + count, last_number=survey.c.last_number + count)
            .returning(survey.c.revision, survey.c.last_number)
        ).one()
        first_number, first_revision = last.last_number - count + 1, last.revision - count + 1
        rows = [
            build_row(store, first_number + place, first_revision + place, invented)
            for place, invented in enumerate(islice(draw_returns(store.questionnaire, first=first_number), count))
        ]
        connection.execute(insert(response), rows)


def make_draft(store: Store, vault: Vault, invented: InventedReturn) -> tuple[str, Draft]:
    """A complete draft in the later round, through the same functions as a company's, and the token of its link."""
    questionnaire, token = store.questionnaire, make_token()
    asked = {name: stored for name, stored in invented.given.items() if questionnaire.by_name[name].is_asked}
    with store.database.write() as connection:
        draft = start_return(
            connection,
            vault,
            store.later,
            questionnaire,
            token=token,
            answers={question.name: asked.get(question.name) for question in questionnaire.pages[0].questions},
            language=invented.language,
            now=NOW,
        )
        for page in evaluate(questionnaire, asked).pages[1:]:
            saved = save_page(
                connection,
                vault,
                draft,
                questionnaire,
                page,
                {question.name: asked.get(question.name) for question in page.questions},
                language=invented.language,
                now=NOW,
            )
            draft = saved.draft
    return token, draft


def _build_rows(store: Store) -> Iterator[dict[str, Any]]:
    """Rows of `response` in the order of their numbers; those that changed later have the last revisions."""
    of_earlier = int(store.size * EARLIER_SHARE)
    revision = store.size
    for number, invented in enumerate(islice(draw_returns(store.questionnaire), store.size), start=1):
        row = build_row(store, number, number, invented)
        if number <= of_earlier:
            row["round_id"] = store.rounds[EARLIER].round_id
        if number % EVERY_WITHDRAWN == 0:
            revision += 1
            row |= {"state": "withdrawn", "revision": revision, "withdrawn_at": NOW, "answers": {}, "texts": {}}
        elif number % EVERY_EDITED == 0:
            revision += 1
            row |= {"revision": revision, "edited_at": NOW}
        yield row


def build_row(store: Store, number: int, revision: int, invented: InventedReturn) -> dict[str, Any]:
    """One submitted response. What names or reaches somebody has its own table, which no count and no raw CSV reads."""
    began = OPENED + timedelta(seconds=number)
    return {
        "survey_id": store.survey_id,
        "number": number,
        "revision": revision,
        "state": "submitted",
        "round_id": store.later.round_id,
        "questionnaire_version": store.questionnaire.version,
        "company_id": None,
        "submit_key": f"{number:032x}",
        "receipt": _write_receipt(number),
        "mode": "web",
        "language": invented.language,
        "answers": invented.answers,
        "texts": invented.texts,
        "identity_link": None,
        "contact_link": None,
        "started_at": began,
        "submitted_at": began + timedelta(minutes=25),
        "edited_at": None,
        "withdrawn_at": None,
    }


def _write_receipt(number: int) -> str:
    """A receipt number that no other response of the store has, scattered as random ones are."""
    rest = number * 2_654_435_761 % 29**11
    characters = []
    for _ in range(12):
        rest, place = divmod(rest, len(ALPHABET))
        characters.append(ALPHABET[place])
    drawn = "".join(characters)
    return f"{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


def _insert_rows(store: Store, rows: Iterator[dict[str, Any]]) -> None:
    highest = 0
    while batch := list(islice(rows, BATCH)):
        highest = max(highest, *(row["revision"] for row in batch))
        with store.database.write() as connection:
            connection.execute(insert(response), batch)
            connection.execute(
                update(survey)
                .where(survey.c.survey_id == store.survey_id)
                .values(revision=highest, last_number=batch[-1]["number"])
            )
