from __future__ import annotations

from tests.database_kinds import run_on_both

__all__ = ["run_on_both"]
