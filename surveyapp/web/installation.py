"""What one running installation holds: its settings, database and vault, handed to every view as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.settings import Settings

EXTENSION = "surveyapp"


@dataclass(frozen=True, slots=True)
class Installation:
    settings: Settings
    database: Database
    vault: Vault


def keep_installation(app: Flask, installation: Installation) -> None:
    app.extensions[EXTENSION] = installation


def find_installation() -> Installation:
    """The installation of the application that serves the current request."""
    return cast(Installation, current_app.extensions[EXTENSION])
