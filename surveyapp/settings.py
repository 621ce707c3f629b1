"""Settings, read once at the edge (`app.py`, `web`, `commands`) and handed on as values.

Everything but secrets comes from environment variables that begin with `SURVEYAPP_`. Secrets are in
`instance/secrets.json`, which `create_secrets` makes once and which only its owner can read.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

PREFIX: Final = "SURVEYAPP_"
SECRETS_FILE: Final = "secrets.json"
DATABASE_FILE: Final = "survey.sqlite3"
KEY_BYTES: Final = 32
LEAST_TOKEN: Final = 24  # characters

LogFormat = Literal["json", "text"]
SmtpSecurity = Literal["starttls", "tls", "none"]
SMTP_PORTS: Final[Mapping[str, int]] = {"starttls": 587, "tls": 465, "none": 25}
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})

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
    rate_limit_start: str = "60 per minute"  # the companies of an association may share one address
    rate_limit_link: str = "30 per minute"  # links that are not known
    trusted_proxies: int = 0
    log_format: LogFormat = "text"
    metrics_token: str = ""  # without one nobody reads the metrics
    job_storage: str = ""  # of Huey; without one it is a file of its own in the instance folder
    rate_limit_mail: str = "10 per hour"  # mails that respondents ask for
    smtp_host: str = ""  # without one no mail is sent
    smtp_port: int = 0  # that of `smtp_security` where none is given
    smtp_security: SmtpSecurity = "starttls"
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_from: str = ""  # `Name <address>`
    smtp_return_path: str = ""  # address for reports of what was not delivered; that of `smtp_from` where none is given
    smtp_ca_file: str = ""  # certificates that vouch for the server, where the system's do not

    backup_folder: Path | None = None  # without one nothing is backed up by itself
    backup_hour: int = 3  # in Seoul
    backup_keep: int = 14
    export_days: int = 7  # a large file waits to be fetched
    disclosure_seconds: int = 5  # of the processor, for checking what a page releases
    export_direct_most: int = 2000  # returns of a round whose files are made at once, and not by a job

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
    settings = Settings(instance=instance, **{**_load_secrets(instance / SECRETS_FILE), **values})
    _check_smtp(settings)
    return settings


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
        **_read_smtp_password(path, found),
        "secret_key": _read_secret_text(path, found, "secret_key"),
        "password_salt": _read_secret_text(path, found, "password_salt"),
        "vault_keys": {
            key_id: _read_secret_key(path, f"vault_keys.{key_id}", text) for key_id, text in vault_keys.items()
        },
        "lookup_key": _read_secret_key(path, "lookup_key", found.get("lookup_key")),
    }


def _read_smtp_password(path: Path, found: Mapping[str, object]) -> dict[str, str]:
    """The mail server's password, which may also come from the environment, or be needed by nobody."""
    value = found.get("smtp_password", "")
    if not isinstance(value, str) or not value.isprintable():
        raise SettingsFault(_describe_bad_secret(path, "smtp_password", "a text"))
    return {"smtp_password": value} if value else {}


def _check_smtp(settings: Settings) -> None:
    """What is set for mail must belong together: half of it would fail at the first mail. Raises `SettingsFault`."""
    if not settings.smtp_host:
        for name in ("port", "user", "from", "return_path", "ca_file"):
            if getattr(settings, f"smtp_{name}"):
                raise SettingsFault(f"{PREFIX}SMTP_{name.upper()} is set without {PREFIX}SMTP_HOST, the mail server.")
        return
    if not settings.smtp_from:
        raise SettingsFault(f"{PREFIX}SMTP_FROM is missing: {PREFIX}SMTP_HOST needs an address to send as.")
    if settings.smtp_user and not settings.smtp_password:
        raise SettingsFault(
            f"The password of {PREFIX}SMTP_USER is missing. Put it as smtp_password into {SECRETS_FILE}, "
            f"or into {PREFIX}SMTP_PASSWORD."
        )
    if settings.smtp_user and settings.smtp_security == "none" and settings.smtp_host not in _OWN_MACHINE:
        raise SettingsFault(
            f"{PREFIX}SMTP_SECURITY=none would send the password of {PREFIX}SMTP_USER unencrypted to another machine."
        )


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


def _read_hour(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or int(value) > 23:
        raise SettingsFault(f"{name} must be an hour from 0 to 23, not {value!r}.")
    return int(value)


def _read_number_kept(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or int(value) < 1:
        raise SettingsFault(f"{name} must be a whole number from 1 on, not {value!r}.")
    return int(value)


def _read_folder(name: str, value: str) -> Path:
    folder = Path(value)
    if not folder.is_absolute():
        raise SettingsFault(f"{name} must be a whole path that begins with /, not {value!r}.")
    return folder


def _read_base_url(name: str, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise SettingsFault(f"{name} must be an address such as https://survey.example.org, not {value!r}.")
    return value.rstrip("/")


def _read_log_format(name: str, value: str) -> str:
    if value not in get_args(LogFormat):
        raise SettingsFault(f"{name} must be json or text, not {value!r}.")
    return value


def _read_token(name: str, value: str) -> str:
    if len(value) < LEAST_TOKEN or not value.isascii() or not value.isprintable() or " " in value:
        raise SettingsFault(f"{name} must be {LEAST_TOKEN} or more letters and digits drawn at random.")
    return value


def _read_smtp_security(name: str, value: str) -> str:
    if value not in get_args(SmtpSecurity):
        raise SettingsFault(f"{name} must be starttls, tls or none, not {value!r}.")
    return value


def _read_port(name: str, value: str) -> int:
    port = _read_whole(name, value)
    if not 1 <= port <= 65535:
        raise SettingsFault(f"{name} must be a port from 1 to 65535, not {value!r}.")
    return port


def _read_host(name: str, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,255}", value):
        raise SettingsFault(f"{name} must be a name such as mail.example.org or an address, not {value!r}.")
    return value


def _read_mailbox(name: str, value: str) -> str:
    """Whether it is one address, perhaps with a name; whether mail can be sent to it is for `fieldwork.mail` to say."""
    found = re.fullmatch(r"(?:[^<>@]*<)?[^<>@\s]+@[^<>@\s]+>?", value)
    if found is None or not value.isprintable() or ("<" in value) != value.endswith(">"):
        raise SettingsFault(f"{name} must be an address such as Survey office <survey@example.org>, not {value!r}.")
    return value


def _read_file(name: str, value: str) -> str:
    if not Path(value).is_file():
        raise SettingsFault(f"{name} must name a file that exists, not {value!r}.")
    return value


def read_database_url(name: str, value: str) -> str:
    """The address given under this name; as PostgreSQL's own tools write it, it means the driver that we use.

    Raises `SettingsFault` for an address of another kind.
    """
    scheme, separator, rest = value.partition("://")
    if scheme in ("postgres", "postgresql") and separator:
        return f"postgresql+psycopg://{rest}"
    if scheme not in ("sqlite", "postgresql+psycopg") or not separator:
        # The address is not repeated: it may hold a password.
        raise SettingsFault(f"{name} must begin with sqlite:/// or postgresql+psycopg://.")
    return value


def _read_job_storage(name: str, value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if separator and scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return f"postgresql://{rest}"
    is_file = scheme == "sqlite" and rest.startswith("/") and len(rest) > 1
    if not separator or not (is_file or scheme in ("redis", "rediss", "unix")):
        # The address is not repeated: it may hold a password.
        raise SettingsFault(f"{name} must begin with sqlite:///, postgresql:// or redis://.")
    return value


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "DATABASE_URL": read_database_url,
    "SURVEY_ID": _read_text,
    "BASE_URL": _read_base_url,
    "MAX_POST_BYTES": _read_whole,
    "RATE_LIMIT_STORAGE": _read_text,
    "RATE_LIMIT_SIGN_IN": _read_text,
    "RATE_LIMIT_START": _read_text,
    "RATE_LIMIT_LINK": _read_text,
    "TRUSTED_PROXIES": _read_whole,
    "LOG_FORMAT": _read_log_format,
    "METRICS_TOKEN": _read_token,
    "JOB_STORAGE": _read_job_storage,
    "RATE_LIMIT_MAIL": _read_text,
    "SMTP_HOST": _read_host,
    "SMTP_PORT": _read_port,
    "SMTP_SECURITY": _read_smtp_security,
    "SMTP_USER": _read_text,
    "SMTP_PASSWORD": _read_text,
    "SMTP_FROM": _read_mailbox,
    "SMTP_RETURN_PATH": _read_mailbox,
    "SMTP_CA_FILE": _read_file,
    "BACKUP_FOLDER": _read_folder,
    "BACKUP_HOUR": _read_hour,
    "BACKUP_KEEP": _read_number_kept,
    "EXPORT_DAYS": _read_number_kept,
    "EXPORT_DIRECT_MOST": _read_whole,
    "DISCLOSURE_SECONDS": _read_number_kept,
}
