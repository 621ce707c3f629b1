"""Rows that hold what names a company or reaches a person: encrypted, under a random link, apart from the answers."""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from surveyapp.questionnaire.model import Answers, Stored
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import confidential

ConfidentialCompartment = Literal["identity", "contact", "label", "directory", "address"]
_BATCH = 500  # rows read or links named at once
_add = insert(confidential)
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
    if link is None:
        return write_new_rows(connection, vault, survey_id, compartment, [(answers, lookup_value)], now)[0]
    replace_rows(connection, vault, survey_id, compartment, {link: (answers, lookup_value)}, now)
    return link


def write_new_rows(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    compartment: ConfidentialCompartment,
    entries: Sequence[tuple[Answers, str | None]],
    now: datetime,
) -> list[str]:
    """Keep many rows at once, each the answers and what to find them by; returns their links in the same order."""
    links = [secrets.token_hex(16) for _ in entries]
    rows = [
        {
            "survey_id": survey_id,
            "link": link,
            "compartment": compartment,
            "saved_at": now,
            **_seal(vault, survey_id, link, compartment, answers, lookup_value),
        }
        for link, (answers, lookup_value) in zip(links, entries, strict=True)
    ]
    if rows:
        connection.execute(_add, rows if len(rows) > 1 else rows[0])
    return links


def replace_rows(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    compartment: ConfidentialCompartment,
    entries: Mapping[str, tuple[Answers, str | None]],
    now: datetime,
) -> None:
    """Write other contents into many rows at once, by their links."""
    rows = [
        {
            "of_survey": survey_id,
            "of_link": link,
            "saved_at": now,
            **_seal(vault, survey_id, link, compartment, answers, lookup_value),
        }
        for link, (answers, lookup_value) in entries.items()
    ]
    if rows:
        connection.execute(_replace, rows if len(rows) > 1 else rows[0])


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
            .with_for_update()  # or what is saved meanwhile would be sealed over with what was read here
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


def _seal(
    vault: Vault,
    survey_id: str,
    link: str,
    compartment: ConfidentialCompartment,
    answers: Answers,
    lookup_value: str | None,
) -> dict[str, bytes | None]:
    plain = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode()
    return {
        "ciphertext": vault.seal(plain, bound_to=_bind(survey_id, link, compartment)),
        "lookup": None if lookup_value is None else make_lookup(vault, survey_id, compartment, lookup_value),
    }


def _bind(survey_id: str, link: str, compartment: str) -> bytes:
    return f"{survey_id}\x1f{link}\x1f{compartment}".encode()
