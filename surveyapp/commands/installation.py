"""What a command works on: settings, database and vault of the installation, and the name it signs its deeds with."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from surveyapp.fieldwork.rounds import VersionTaken
from surveyapp.questionnaire.faults import QuestionnaireFaults
from surveyapp.records.database import Database, DatabaseFault, open_database
from surveyapp.records.encryption import Vault, VaultFault
from surveyapp.settings import Settings, SettingsFault, find_instance, load_settings


@dataclass(frozen=True, slots=True)
class Installation:
    settings: Settings
    database: Database
    vault: Vault


@contextmanager
def open_installation() -> Iterator[Installation]:
    """The installation that the environment names. Faults of its parts end the command with one line, status 1."""
    with explain_faults():
        settings = load_settings(os.environ, find_instance(os.environ))
        database = open_database(settings.database_url)
        try:
            yield Installation(settings, database, Vault(settings.vault_keys, settings.lookup_key))
        finally:
            database.close()


@contextmanager
def explain_faults() -> Iterator[None]:
    """A fault that a person can do something about becomes one line on standard error."""
    try:
        yield
    except (SettingsFault, DatabaseFault, VaultFault, VersionTaken) as fault:
        raise click.ClickException(str(fault)) from fault
    except QuestionnaireFaults as fault:
        lines = (f"{each.line}: {each.name}: {each.reason}" for each in fault.findings)
        raise click.ClickException("\n".join(lines)) from fault


def find_actor() -> str:
    """Who runs the command, for the audit trail: `command:` and the name of the account on this machine."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, as in containers
        return f"command:{os.getuid()}"
