"""Rows that hold what names a company or reaches a person: encrypted, under a random link, apart from the answers."""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from surveyapp.questionnaire.model import Answers, Stored
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import confidential

ConfidentialCompartment = Literal["identity", "contact"]
_BATCH = 500  # rows read or links named at once
_replace = (
    update(confidential)
    .where(confidential.c.survey_id == bindparam("of_survey"), confidential.c.link == bindparam("of_link"))
    .values(ciphertext=bindparam("ciphertext"), lookup=bindparam("lookup"), saved_at=bindparam("saved_at"))
)


def write_confidential(
    connection: Connection,
    vault: Vault,
    *,
    survey_id: str,
    link: str | None,
    compartment: ConfidentialCompartment,
    answers: Answers,
    lookup_value: str | None,
    now: datetime,
) -> str | None:
    """Keep `answers` under `link`, or under a new one where there is none yet, and return the link.

    Without answers the row is erased and None returned. `lookup_value` is what `find_links` can find the row by.
    """
    if not answers:
        if link is not None:
            erase_confidential(connection, survey_id, [link])
        return None
    lookup = None if lookup_value is None else make_lookup(vault, survey_id, compartment, lookup_value)
    is_new = link is None
    link = link or secrets.token_hex(16)
    plain = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode()
    content = {
        "ciphertext": vault.seal(plain, bound_to=_bind(survey_id, link, compartment)),
        "lookup": lookup,
        "saved_at": now,
    }
    if is_new:
        connection.execute(
            insert(confidential), {"survey_id": survey_id, "link": link, "compartment": compartment, **content}
        )
    else:
        connection.execute(_replace, {"of_survey": survey_id, "of_link": link, **content})
    return link


def open_confidential(
    vault: Vault, survey_id: str, link: str | None, compartment: ConfidentialCompartment, ciphertext: bytes | None
) -> dict[str, Stored]:
    """The answers of one row as it was read; nothing where there is no row. Raises `VaultFault`."""
    if link is None or ciphertext is None:
        return {}
    answers: dict[str, Stored] = json.loads(vault.open(ciphertext, bound_to=_bind(survey_id, link, compartment)))
    return answers


def load_confidential(
    connection: Connection, vault: Vault, survey_id: str, links: Collection[str]
) -> dict[str, dict[str, Stored]]:
    """Answers by link, for the links that exist. Raises `VaultFault`."""
    wanted = sorted(set(links))
    found: dict[str, dict[str, Stored]] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = connection.execute(
            select(confidential.c.link, confidential.c.compartment, confidential.c.ciphertext).where(
                confidential.c.survey_id == survey_id, confidential.c.link.in_(wanted[start : start + _BATCH])
            )
        )
        for link, compartment, ciphertext in rows:
            found[link] = open_confidential(vault, survey_id, link, compartment, ciphertext)
    return found


def erase_confidential(connection: Connection, survey_id: str, links: Collection[str | None]) -> None:
    wanted = [link for link in links if link is not None]
    if wanted:
        connection.execute(
            delete(confidential).where(confidential.c.survey_id == survey_id, confidential.c.link.in_(wanted))
        )


def find_links(
    connection: Connection, vault: Vault, survey_id: str, compartment: ConfidentialCompartment, value: str
) -> tuple[str, ...]:
    """Links of the rows that were kept with `value` for look-up, whatever its case, width and spaces."""
    rows = connection.execute(
        select(confidential.c.link)
        .where(
            confidential.c.survey_id == survey_id,
            confidential.c.lookup == make_lookup(vault, survey_id, compartment, value),
        )
        .order_by(confidential.c.link)
    )
    return tuple(rows.scalars())


def reseal_all(connection: Connection, vault: Vault) -> int:
    """Seal anew, with the vault's first key, every row that another key sealed; returns how many those were.

    After it has been committed the older keys are no longer needed. Raises `VaultFault` where a key is missing.
    """
    resealed = 0
    seen: tuple[str, str] = ("", "")
    key = (confidential.c.survey_id, confidential.c.link)
    while True:
        after = (key[0] > seen[0]) | ((key[0] == seen[0]) & (key[1] > seen[1]))
        rows = connection.execute(
            select(*key, confidential.c.compartment, confidential.c.ciphertext)
            .where(after)
            .order_by(*key)
            .limit(_BATCH)
        ).all()
        if not rows:
            return resealed
        for survey_id, link, compartment, ciphertext in rows:
            if vault.is_current(ciphertext):
                continue
            place = _bind(survey_id, link, compartment)
            sealed = vault.seal(vault.open(ciphertext, bound_to=place), bound_to=place)
            connection.execute(
                update(confidential).where(key[0] == survey_id, key[1] == link).values(ciphertext=sealed)
            )
            resealed += 1
        seen = (rows[-1].survey_id, rows[-1].link)


def make_lookup(vault: Vault, survey_id: str, compartment: ConfidentialCompartment, value: str) -> bytes:
    plain = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    return vault.lookup(f"{survey_id}\x1f{compartment}\x1f{plain}")


def _bind(survey_id: str, link: str, compartment: str) -> bytes:
    return f"{survey_id}\x1f{link}\x1f{compartment}".encode()
