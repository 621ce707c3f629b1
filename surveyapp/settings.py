"""Settings, read once at the edge (`app.py`, `web`, `commands`) and handed on as values.

Everything but secrets comes from environment variables that begin with `SURVEYAPP_`. Secrets are in
`instance/secrets.json`, which `create_secrets` makes once and which only its owner can read.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

PREFIX: Final = "SURVEYAPP_"
SECRETS_FILE: Final = "secrets.json"
DATABASE_FILE: Final = "survey.sqlite3"
KEY_BYTES: Final = 32

# Variables with the prefix that are read before the settings are, by the process that starts the program.
_READ_ELSEWHERE = frozenset({"INSTANCE"})


class SettingsFault(Exception):
    """A setting is missing or unusable; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one installation is configured with.

    `secret_key` signs sessions and forms, `vault_keys` encrypt identity and contact rows (key id -> 32 bytes, the first
    is used for writing, all for reading), `lookup_key` makes the HMAC column.
    """

    instance: Path
    database_url: str
    secret_key: str
    password_salt: str
    vault_keys: Mapping[str, bytes]
    lookup_key: bytes
    survey_id: str = "japan_export_readiness"
    base_url: str = "http://127.0.0.1:8000"
    max_post_bytes: int = 2 * 1024 * 1024
    rate_limit_storage: str = "memory://"
    rate_limit_sign_in: str = "10 per 5 minutes"
    rate_limit_start: str = "30 per minute"
    trusted_proxies: int = 0

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


def load_settings(environ: Mapping[str, str], instance: Path) -> Settings:
    """The settings of the installation whose files are in `instance`. Raises `SettingsFault`.

    A variable with our prefix that means nothing is refused, because a misspelt one would silently do nothing.
    """
    given = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX)}
    for name in sorted(given):
        if name not in _READERS and name not in _READ_ELSEWHERE:
            raise SettingsFault(_describe_unknown(name))
    values = {
        name.lower(): read(PREFIX + name, given[name].strip())
        for name, read in _READERS.items()
        if given.get(name, "").strip()
    }
    values.setdefault("database_url", f"sqlite:///{(instance / DATABASE_FILE).absolute()}")
    return Settings(instance=instance, **values, **_load_secrets(instance / SECRETS_FILE))


def find_instance(environ: Mapping[str, str]) -> Path:
    """The folder of database, secrets, caches: `SURVEYAPP_INSTANCE`, else `instance/` of the source tree or of here."""
    if given := environ.get(PREFIX + "INSTANCE", "").strip():
        return Path(given)
    tree = Path(__file__).parents[1]
    return (tree if (tree / "pyproject.toml").is_file() else Path.cwd()) / "instance"


def create_secrets(instance: Path) -> bool:
    """Make the file of secrets with new random ones, unless there is one; returns whether it was made.

    The file is readable by its owner alone, complete from the moment it has its name, and never overwritten, even when
    two processes start at once. Raises `SettingsFault` where it cannot be written.
    """
    path = instance / SECRETS_FILE
    content = {
        "secret_key": secrets.token_urlsafe(48),
        "password_salt": secrets.token_urlsafe(32),
        "vault_keys": {"k1": _write_key(secrets.token_bytes(KEY_BYTES))},
        "lookup_key": _write_key(secrets.token_bytes(KEY_BYTES)),
    }
    unfinished = path.with_name(f".{SECRETS_FILE}.{secrets.token_hex(8)}")
    try:
        if path.exists():
            return False
        instance.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(content, file, indent=2)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(unfinished, path)  # unlike a renaming, this fails where the name is taken
        finally:
            unfinished.unlink(missing_ok=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise SettingsFault(
            f"The file of secrets {path} cannot be written ({error.strerror}). "
            "Make its folder writable for the user that runs surveyapp."
        ) from error
    return True


def _load_secrets(path: Path) -> dict[str, Any]:
    try:
        mode = path.stat().st_mode
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsFault(
            f"The file of secrets {path} is missing. Run `surveyapp init` to make it, or restore it from your backup: "
            "without the old one, identity and contact data cannot be read any more."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFault(
            f"The file of secrets {path} cannot be read. Make it readable for the user that runs surveyapp."
        ) from error
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise SettingsFault(f"The file of secrets {path} is open to other users. Run `chmod 600 {path}`.")
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SettingsFault(f"The file of secrets {path} is not valid JSON. Restore it from your backup.")
    vault_keys = found.get("vault_keys")
    if not isinstance(vault_keys, dict) or not vault_keys:
        raise SettingsFault(_describe_bad_secret(path, "vault_keys", "an object of one or more keys"))
    return {
        "secret_key": _read_secret_text(path, found, "secret_key"),
        "password_salt": _read_secret_text(path, found, "password_salt"),
        "vault_keys": {
            key_id: _read_secret_key(path, f"vault_keys.{key_id}", text) for key_id, text in vault_keys.items()
        },
        "lookup_key": _read_secret_key(path, "lookup_key", found.get("lookup_key")),
    }


def _read_secret_text(path: Path, found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or len(value) < 32:
        raise SettingsFault(_describe_bad_secret(path, name, "a text of 32 characters or more"))
    return value


def _read_secret_key(path: Path, name: str, value: object) -> bytes:
    try:
        key = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsFault(_describe_bad_secret(path, name, f"{KEY_BYTES} bytes in Base64"))
    return key


def _write_key(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _describe_bad_secret(path: Path, name: str, expected: str) -> str:
    return f"The secret {name} in {path} is missing or not {expected}. Restore the file from your backup."


def _describe_unknown(name: str) -> str:
    close = get_close_matches(name, [*_READERS, *_READ_ELSEWHERE], n=1)
    advice = f"Did you mean {PREFIX}{close[0]}?" if close else "Remove it."
    return f"The environment variable {PREFIX}{name} means nothing to surveyapp. {advice}"


def _read_text(name: str, value: str) -> str:
    return value


def _read_whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise SettingsFault(f"{name} must be a whole number such as 1, not {value!r}.")
    return int(value)


def _read_base_url(name: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise SettingsFault(f"{name} must be an address such as https://survey.example.org, not {value!r}.")
    return value.rstrip("/")


def _read_database_url(name: str, value: str) -> str:
    """Addresses as PostgreSQL's own tools write them are taken to mean the driver that we use."""
    scheme, separator, rest = value.partition("://")
    if scheme in ("postgres", "postgresql") and separator:
        return f"postgresql+psycopg://{rest}"
    if scheme not in ("sqlite", "postgresql+psycopg") or not separator:
        # The address is not repeated: it may hold a password.
        raise SettingsFault(f"{name} must begin with sqlite:/// or postgresql+psycopg://.")
    return value


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "DATABASE_URL": _read_database_url,
    "SURVEY_ID": _read_text,
    "BASE_URL": _read_base_url,
    "MAX_POST_BYTES": _read_whole,
    "RATE_LIMIT_STORAGE": _read_text,
    "RATE_LIMIT_SIGN_IN": _read_text,
    "RATE_LIMIT_START": _read_text,
    "TRUSTED_PROXIES": _read_whole,
}
