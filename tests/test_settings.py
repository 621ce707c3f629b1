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
    assert settings.trusted_proxies == 1


def test_an_empty_variable_is_as_good_as_none(instance: Path) -> None:
    assert load_settings({"SURVEYAPP_BASE_URL": " "}, instance).base_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("url", ["postgres://host/name", "postgresql://host/name"])
def test_addresses_of_postgresql_name_our_driver(instance: Path, url: str) -> None:
    settings = load_settings({"SURVEYAPP_DATABASE_URL": url}, instance)
    assert settings.database_url == "postgresql+psycopg://host/name"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "mysql://root:geheim@host/name", "must begin with sqlite:///"),
        ("DATABASE_URL", "survey.sqlite3", "must begin with sqlite:///"),
        ("BASE_URL", "survey.example.org", "such as https://survey.example.org"),
        ("BASE_URL", "https://survey.example.org/?a=b", "such as https://survey.example.org"),
        ("MAX_POST_BYTES", "2 MB", "whole number"),
        ("TRUSTED_PROXIES", "-1", "whole number"),
        ("TRUSTED_PROXIES", "１", "whole number"),
        ("DATABASE_ULR", "sqlite:///x", "Did you mean SURVEYAPP_DATABASE_URL?"),
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
