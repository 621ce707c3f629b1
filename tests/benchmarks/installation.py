"""The installation of a benchmark: its settings and rounds. A process that is measured loads no more of it."""

from __future__ import annotations

from pathlib import Path

from surveyapp.records.encryption import Vault
from surveyapp.settings import Settings

EARLIER, LATER = "earlier", "later"


def build_settings(instance: Path, database_url: str = "") -> Settings:
    """Settings of an installation in a folder, on SQLite unless told, with secrets that protect nothing."""
    return Settings(
        instance=instance,
        database_url=database_url or f"sqlite:///{instance / 'survey.sqlite3'}",
        secret_key="a secret key of the benchmarks, long enough to sign with",
        password_salt="a salt of the benchmarks, long enough to be taken",
        vault_keys={"k1": bytes(range(32))},
        lookup_key=bytes(range(32, 64)),
        rate_limit_sign_in="1000000 per minute",
        rate_limit_start="1000000 per minute",
    )


def build_vault(settings: Settings) -> Vault:
    return Vault(settings.vault_keys, settings.lookup_key)
