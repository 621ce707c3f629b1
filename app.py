"""The application for a server: settings -> create_app -> app."""

from __future__ import annotations

import gc
import os

gc.disable()  # what an import makes stays; looking through it again and again took an eighth of the start

from surveyapp.settings import find_instance, load_settings  # noqa: E402
from surveyapp.web import create_app  # noqa: E402

app = create_app(load_settings(os.environ, find_instance(os.environ)))

gc.freeze()  # nor does a request have to look through it
gc.enable()
