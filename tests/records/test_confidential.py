from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from surveyapp.records.confidential import (
    erase_confidential,
    find_links,
    load_confidential,
    reseal_all,
    write_confidential,
)
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault, VaultFault
from surveyapp.records.tables import confidential
from tests.records.databases import NOW, SURVEY, insert_row

NAME = "주식회사 한빛제약"


@pytest.fixture(autouse=True)
def _survey(database: Database) -> None:
    with database.write() as connection:
        insert_row(connection, "survey")


def _write(database: Database, vault: Vault, link: str | None = None, name: str | None = NAME) -> str | None:
    with database.write() as connection:
        return write_confidential(
            connection,
            vault,
            survey_id=SURVEY,
            link=link,
            compartment="identity",
            answers={} if name is None else {"company_name": name},
            lookup_value=name,
            now=NOW,
        )


def test_a_row_is_kept_under_a_random_link(database: Database, vault: Vault) -> None:
    first, second = _write(database, vault), _write(database, vault)
    assert first is not None and second is not None
    assert first != second and len(first) == 32
    with database.read() as reader:
        assert load_confidential(reader, vault, SURVEY, [first, second, "none"]) == {
            first: {"company_name": NAME},
            second: {"company_name": NAME},
        }
        rows = reader.execute(select(confidential)).all()
    assert NAME.encode() not in b"".join(row.ciphertext + row.lookup for row in rows)


def test_a_link_is_kept_while_its_answers_change(database: Database, vault: Vault) -> None:
    link = _write(database, vault)
    assert link is not None
    assert _write(database, vault, link, "다른 회사") == link
    with database.read() as reader:
        assert load_confidential(reader, vault, SURVEY, [link]) == {link: {"company_name": "다른 회사"}}


def test_a_row_without_answers_is_no_row(database: Database, vault: Vault) -> None:
    link = _write(database, vault)
    assert _write(database, vault, link, None) is None
    assert _write(database, vault, None, None) is None
    with database.read() as reader:
        assert reader.scalar(select(func.count()).select_from(confidential)) == 0


def test_rows_are_found_by_what_they_hold_whatever_its_writing(database: Database, vault: Vault) -> None:
    link = _write(database, vault, name="Hanbit  Pharm Co.")
    _write(database, vault, name="Another")
    with database.read() as reader:
        found = [
            find_links(reader, vault, SURVEY, "identity", value)
            for value in ("Hanbit Pharm Co.", " HANBIT pharm co. ", "Hanbit Pharm Co.")
        ]
        assert found == [(link,)] * 3
        assert find_links(reader, vault, SURVEY, "contact", "Hanbit Pharm Co.") == ()
        assert find_links(reader, vault, "other", "identity", "Hanbit Pharm Co.") == ()
        assert find_links(reader, Vault({"k1": b"k" * 32}, b"x" * 32), SURVEY, "identity", "Hanbit Pharm Co.") == ()


def test_a_ciphertext_copied_to_another_row_cannot_be_read_there(database: Database, vault: Vault) -> None:
    mine, theirs = _write(database, vault, name="mine"), _write(database, vault, name="theirs")
    assert mine is not None
    with database.write() as connection:
        stolen = connection.execute(select(confidential.c.ciphertext).where(confidential.c.link == theirs)).scalar_one()
        connection.execute(update(confidential).where(confidential.c.link == mine).values(ciphertext=stolen))
    with pytest.raises(VaultFault), database.read() as reader:
        load_confidential(reader, vault, SURVEY, [mine])


def test_erasing_takes_the_named_rows_alone(database: Database, vault: Vault) -> None:
    kept, gone = _write(database, vault), _write(database, vault)
    with database.write() as connection:
        erase_confidential(connection, SURVEY, [gone, None])
        erase_confidential(connection, SURVEY, [None])
        erase_confidential(connection, "other survey", [kept])
    with database.read() as reader:
        assert reader.execute(select(confidential.c.link)).scalars().all() == [kept]


def test_every_row_can_be_sealed_anew_so_that_the_old_key_can_go(database: Database, vault: Vault) -> None:
    with database.write() as connection:  # more rows than are read at once
        links = [
            write_confidential(
                connection,
                vault,
                survey_id=SURVEY,
                link=None,
                compartment="identity",
                answers={"company_name": f"company {place}"},
                lookup_value=f"company {place}",
                now=NOW,
            )
            for place in range(1203)
        ]
    both = Vault({"k2": b"3" * 32, "k1": b"1" * 32}, b"2" * 32)
    fresh = _write(database, both, name="already new")
    assert fresh is not None
    with database.write() as connection:
        assert reseal_all(connection, both) == 1203
        assert reseal_all(connection, both) == 0
    new = Vault({"k2": b"3" * 32}, b"2" * 32)
    with database.read() as reader:
        found = load_confidential(reader, new, SURVEY, [*filter(None, links), fresh])
        assert len(found) == 1204
        assert find_links(reader, new, SURVEY, "identity", "company 77") == (links[77],)
        with pytest.raises(VaultFault):
            load_confidential(reader, vault, SURVEY, [fresh])
