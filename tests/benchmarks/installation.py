"""The installation of a benchmark: its settings and rounds. A process that is measured loads no more of it."""

from __future__ import annotations

from pathlib import Path

from surveyapp.records.encryption import Vault
from surveyapp.settings import Settings

EARLIER, LATER = "earlier", "later"


_ADDRESS = "database_url.txt"


def keep_database_url(instance: Path, database_url: str) -> None:
    """Put down where the database of an installation is, for every process that is given its folder."""
    (instance / _ADDRESS).write_text(database_url, encoding="utf-8")


def build_settings(instance: Path) -> Settings:
    """Settings of an installation in a folder, on SQLite unless another address was kept, with secrets that protect
    nothing.
    """
    kept = instance / _ADDRESS
    return Settings(
        instance=instance,
        database_url=kept.read_text(encoding="utf-8") if kept.is_file() else f"sqlite:///{instance / 'survey.sqlite3'}",
        secret_key="a secret key of the benchmarks, long enough to sign with",
        password_salt="a salt of the benchmarks, long enough to be taken",
        vault_keys={"k1": bytes(range(32))},
        lookup_key=bytes(range(32, 64)),
        rate_limit_sign_in="1000000 per minute",
        rate_limit_start="1000000 per minute",
    )


def build_vault(settings: Settings) -> Vault:
    return Vault(settings.vault_keys, settings.lookup_key)
