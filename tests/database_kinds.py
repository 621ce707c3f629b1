"""Which database a test runs on. A conftest or test file that imports `run_on_both` says: what is tested here holds on
both; one with a `database_kind` of its own says on which alone."""

from __future__ import annotations

from typing import Literal

import pytest

DatabaseKind = Literal["sqlite", "postgresql"]


@pytest.fixture(name="database_kind", params=["sqlite", "postgresql"])
def run_on_both(request: pytest.FixtureRequest) -> DatabaseKind:
    kind: DatabaseKind = request.param
    return kind
