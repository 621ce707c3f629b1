"""The blueprint that every respondent view hangs on."""

from __future__ import annotations

from flask import Blueprint

respondent = Blueprint("respondent", __name__)
