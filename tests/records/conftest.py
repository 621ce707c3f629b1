from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from surveyapp.records.database import Database, open_database


@pytest.fixture
def path(migrated_file: Path, tmp_path: Path) -> Path:
    """A database file of the test's own, with all tables and no rows."""
    path = tmp_path / "survey.sqlite3"
    shutil.copy(migrated_file, path)
    return path


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{path}", wait_seconds=2)
    yield database
    database.close()
