from __future__ import annotations

import base64
import json
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from surveyapp.records.encryption import Vault
from surveyapp.settings import SettingsFault, create_secrets, load_settings


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    create_secrets(tmp_path)
    return tmp_path


def test_a_new_installation_needs_no_configuration(instance: Path) -> None:
    settings = load_settings({"PATH": "/bin"}, instance)
    assert settings.database_url == f"sqlite:///{instance}/survey.sqlite3"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert not settings.is_https
    assert len(settings.secret_key) >= 32 and len(settings.password_salt) >= 32
    Vault(settings.vault_keys, settings.lookup_key)


def test_the_environment_is_read(instance: Path) -> None:
    environ = {
        "SURVEYAPP_DATABASE_URL": "postgresql+psycopg://host/name",
        "SURVEYAPP_SURVEY_ID": "other",
        "SURVEYAPP_BASE_URL": "https://survey.example.org/",
        "SURVEYAPP_MAX_POST_BYTES": "4096",
        "SURVEYAPP_RATE_LIMIT_STORAGE": "redis://host",
        "SURVEYAPP_RATE_LIMIT_SIGN_IN": "1 per hour",
        "SURVEYAPP_RATE_LIMIT_START": " 2 per hour ",
        "SURVEYAPP_RATE_LIMIT_LINK": "3 per hour",
        "SURVEYAPP_TRUSTED_PROXIES": "1",
        "SURVEYAPP_INSTANCE": str(instance),
    }
    settings = load_settings(environ, instance)
    assert settings.database_url == "postgresql+psycopg://host/name"
    assert settings.survey_id == "other"
    assert settings.base_url == "https://survey.example.org"
    assert settings.is_https
    assert settings.max_post_bytes == 4096
    assert settings.rate_limit_storage == "redis://host"
    assert settings.rate_limit_sign_in == "1 per hour"
    assert settings.rate_limit_start == "2 per hour"
    assert settings.rate_limit_link == "3 per hour"
    assert settings.trusted_proxies == 1


def test_an_empty_variable_is_as_good_as_none(instance: Path) -> None:
    assert load_settings({"SURVEYAPP_BASE_URL": " "}, instance).base_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("url", ["postgres://host/name", "postgresql://host/name"])
def test_addresses_of_postgresql_name_our_driver(instance: Path, url: str) -> None:
    settings = load_settings({"SURVEYAPP_DATABASE_URL": url}, instance)
    assert settings.database_url == "postgresql+psycopg://host/name"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("", ""),
        ("sqlite:////var/lib/surveyapp/jobs.sqlite3", "sqlite:////var/lib/surveyapp/jobs.sqlite3"),
        ("postgresql+psycopg://host/name", "postgresql://host/name"),
        ("postgres://host/name", "postgresql://host/name"),
        ("rediss://host:6380/1", "rediss://host:6380/1"),
        ("unix:///run/redis/redis.sock?db=2", "unix:///run/redis/redis.sock?db=2"),
    ],
)
def test_jobs_are_stored_where_the_setting_says(instance: Path, given: str, meant: str) -> None:
    assert load_settings({"SURVEYAPP_JOB_STORAGE": given}, instance).job_storage == meant


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("JOB_STORAGE", "amqp://user:geheim@host", "must begin with sqlite:///, postgresql:// or redis://"),
        ("JOB_STORAGE", "sqlite://", "must begin with sqlite:///"),
        ("JOB_STORAGE", "jobs.sqlite3", "must begin with sqlite:///"),
        ("DATABASE_URL", "mysql://root:geheim@host/name", "must begin with sqlite:///"),
        ("DATABASE_URL", "survey.sqlite3", "must begin with sqlite:///"),
        ("BASE_URL", "survey.example.org", "such as https://survey.example.org"),
        ("BASE_URL", "https://survey.example.org/?a=b", "such as https://survey.example.org"),
        ("MAX_POST_BYTES", "2 MB", "whole number"),
        ("TRUSTED_PROXIES", "-1", "whole number"),
        ("TRUSTED_PROXIES", "１", "whole number"),
        ("DATABASE_ULR", "sqlite:///x", "Did you mean SURVEYAPP_DATABASE_URL?"),
        ("SMTP_SECURITY", "ssl", "starttls, tls or none"),
        ("SMTP_PORT", "0", "a port from 1 to 65535"),
        ("SMTP_PORT", "smtp", "whole number"),
        ("SMTP_HOST", "mail server", "such as mail.example.org"),
        ("SMTP_FROM", "office", "Survey office <survey@example.org>"),
        ("SMTP_FROM", "a@example.org, b@example.org", "Survey office <survey@example.org>"),
        ("SMTP_FROM", "Office <a@example.org\nBcc: b@example.org>", "Survey office <survey@example.org>"),
        ("SMTP_CA_FILE", "/nowhere/ca.pem", "a file that exists"),
        ("SMTP_FROM", "a@example.org", "SMTP_FROM is set without SURVEYAPP_SMTP_HOST"),
        ("SMTP_HOST", "mail.example.org", "SMTP_FROM is missing"),
        ("COLOUR", "blue", "means nothing to surveyapp. Remove it."),
    ],
)
def test_an_unusable_variable_is_named_and_explained(instance: Path, name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsFault) as fault:
        load_settings({f"SURVEYAPP_{name}": value}, instance)
    assert f"SURVEYAPP_{name}" in str(fault.value) and said in str(fault.value)
    assert "geheim" not in str(fault.value)


def test_secrets_are_for_their_owner_alone(instance: Path) -> None:
    assert stat.S_IMODE((instance / "secrets.json").stat().st_mode) == 0o600
    assert [file.name for file in instance.iterdir()] == ["secrets.json"]


def test_secrets_are_made_once_even_by_threads_that_race(tmp_path: Path) -> None:
    instance = tmp_path / "new" / "instance"
    made: list[bool] = []
    begun = threading.Barrier(8)

    def create() -> None:
        begun.wait(5)
        made.append(create_secrets(instance))

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(made) == [False] * 7 + [True]
    before = load_settings({}, instance)
    assert not create_secrets(instance)
    assert load_settings({}, instance) == before


def test_two_installations_have_nothing_in_common(tmp_path: Path) -> None:
    create_secrets(tmp_path / "a")
    create_secrets(tmp_path / "b")
    first, second = load_settings({}, tmp_path / "a"), load_settings({}, tmp_path / "b")
    assert first.secret_key != second.secret_key
    assert first.password_salt != second.password_salt
    assert first.vault_keys != second.vault_keys
    assert first.lookup_key != second.lookup_key


def test_a_key_can_be_added_in_front_of_the_older_ones(instance: Path) -> None:
    old = load_settings({}, instance).vault_keys
    _change_secrets(instance, vault_keys={"k2": base64.b64encode(b"2" * 32).decode(), **_write_keys(old)})
    settings = load_settings({}, instance)
    assert list(settings.vault_keys) == ["k2", "k1"]
    assert settings.vault_keys["k1"] == old["k1"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"secret_key": None}, "secret_key"),
        ({"secret_key": "short"}, "32 characters"),
        ({"password_salt": 7}, "password_salt"),
        ({"vault_keys": {}}, "one or more keys"),
        ({"vault_keys": ["k1"]}, "one or more keys"),
        ({"vault_keys": {"k1": "not base64!"}}, "vault_keys.k1"),
        ({"vault_keys": {"k1": "AAAA"}}, "32 bytes in Base64"),
        ({"lookup_key": None}, "lookup_key"),
    ],
)
def test_an_unusable_secret_is_named_and_never_repeated(instance: Path, changes: dict[str, Any], said: str) -> None:
    _change_secrets(instance, **changes)
    with pytest.raises(SettingsFault) as fault:
        load_settings({}, instance)
    assert said in str(fault.value) and "Restore" in str(fault.value)
    assert not any(isinstance(value, str) and value in str(fault.value) for value in changes.values())


def test_a_missing_file_of_secrets_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match="surveyapp init"):
        load_settings({}, tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_an_unreadable_file_of_secrets_is_said_to_be_so(instance: Path, content: bytes) -> None:
    (instance / "secrets.json").write_bytes(content)
    with pytest.raises(SettingsFault, match=r"secrets\.json"):
        load_settings({}, instance)


def test_a_folder_in_the_place_of_the_file_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").mkdir()
    with pytest.raises(SettingsFault, match="cannot be read"):
        load_settings({}, tmp_path)


def test_an_instance_that_cannot_be_written_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsFault, match="cannot be written"):
        create_secrets(tmp_path / "file" / "instance")


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o666])
def test_secrets_that_others_can_read_or_change_are_refused(instance: Path, mode: int) -> None:
    (instance / "secrets.json").chmod(mode)
    with pytest.raises(SettingsFault, match="chmod 600"):
        load_settings({}, instance)


def _change_secrets(instance: Path, **changes: Any) -> None:
    file = instance / "secrets.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def _write_keys(keys: Any) -> dict[str, str]:
    return {key_id: base64.b64encode(key).decode() for key_id, key in keys.items()}


@pytest.mark.parametrize(
    ("name", "value"), [("BACKUP_HOUR", "24"), ("BACKUP_HOUR", "-1"), ("BACKUP_FOLDER", "here"), ("BACKUP_KEEP", "0")]
)
def test_settings_of_backups_are_checked(instance: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsFault, match=name):
        load_settings({f"SURVEYAPP_{name}": value}, instance)


SMTP = {"SURVEYAPP_SMTP_HOST": "mail.example.org", "SURVEYAPP_SMTP_FROM": "조사 사무국 <survey@example.org>"}


def test_mail_is_configured_by_settings_and_its_password_by_a_secret(instance: Path) -> None:
    plain = load_settings(SMTP, instance)
    assert (plain.smtp_security, plain.smtp_port, plain.smtp_password) == ("starttls", 0, "")
    path = instance / "secrets.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "smtp_password": "geheim"}))
    with_user = {**SMTP, "SURVEYAPP_SMTP_USER": "office", "SURVEYAPP_SMTP_SECURITY": "tls"}
    settings = load_settings(with_user, instance)
    assert settings.smtp_password == "geheim" and "geheim" not in repr(settings)
    assert load_settings({**with_user, "SURVEYAPP_SMTP_PASSWORD": "other"}, instance).smtp_password == "other"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"SMTP_USER": "office"}, "The password of SURVEYAPP_SMTP_USER is missing"),
        ({"SMTP_USER": "office", "SMTP_PASSWORD": "x", "SMTP_SECURITY": "none"}, "would send the password"),
    ],
)
def test_half_of_a_mail_server_is_refused(instance: Path, changed: dict[str, str], said: str) -> None:
    environ = {**SMTP, **{f"SURVEYAPP_{name}": value for name, value in changed.items()}}
    with pytest.raises(SettingsFault) as fault:
        load_settings(environ, instance)
    assert said in str(fault.value)


def test_a_relay_on_this_machine_may_be_unencrypted(instance: Path) -> None:
    local = {"SURVEYAPP_SMTP_USER": "a", "SURVEYAPP_SMTP_PASSWORD": "b", "SURVEYAPP_SMTP_SECURITY": "none"}
    environ = {**SMTP, **local, "SURVEYAPP_SMTP_HOST": "localhost"}
    assert load_settings(environ, instance).smtp_security == "none"
