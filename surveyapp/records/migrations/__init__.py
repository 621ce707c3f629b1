"""Bringing a database to the tables of this version, and back: Alembic, called from code.

Start-up and `surveyapp init` both call `migrate`; it does nothing where nothing is to be done, and any number of
processes may call it at once.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from surveyapp.records.database import Database, DatabaseNotMigrated


def migrate(database: Database) -> None:
    """Bring the database to the newest migration, all of it or nothing.

    Raises `DatabaseFault`s; `DatabaseNotMigrated` where a newer version of the program has made the tables.
    """
    with database.change_schema() as connection:
        if find_current(connection) == find_head():
            return
        try:
            command.upgrade(_configure(connection), "head")
        except CommandError as error:
            raise DatabaseNotMigrated("the database was made by a newer version of this program") from error


def revert(database: Database, revision: str) -> None:
    """Take migrations back down to `revision`; "base" leaves no table of ours. What the later tables held is lost."""
    with database.change_schema() as connection:
        command.downgrade(_configure(connection), revision)


def find_head() -> str:
    """The newest migration."""
    head = ScriptDirectory.from_config(_configure(None)).get_current_head()
    assert head is not None
    return head


def find_current(connection: Connection) -> str | None:
    """The migration that the database stands at, None where it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def _configure(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
