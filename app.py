"""The application for a server: settings -> create_app -> app."""

from __future__ import annotations

import os

from surveyapp.settings import find_instance, load_settings
from surveyapp.web import create_app

app = create_app(load_settings(os.environ, find_instance(os.environ)))
