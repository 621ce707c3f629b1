"""Starting is quick: what is heavy is imported where it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from surveyapp.records.database import Database
from surveyapp.settings import Settings, create_secrets

HEAVY = (
    "plotly",
    "numpy",
    "pandas",
    "scipy",
    "alembic",
    "playwright",
    "weasyprint",
    "duckdb",
    "gunicorn",
    "babel.messages",
    "regex",
    "highspy",
    "openpyxl",
    "pyarrow",
    "xlsxwriter",
)
ROOT = Path(__file__).parents[2]


def test_the_application_starts_without_heavy_libraries(settings: Settings, database: Database) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from surveyapp.settings import create_secrets, load_settings\n"
        "from surveyapp.web import create_app\n"
        f"folder = Path({str(settings.instance)!r})\n"
        "create_secrets(folder)\n"
        "app = create_app(load_settings({}, folder))\n"
        "assert app.test_client().get('/desk/sign-in').status_code == 200\n"
        "print(*sorted(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert "flask" in loaded
    assert not loaded.intersection(HEAVY)


def test_a_worker_collects_what_requests_leave_and_not_what_the_start_made(
    settings: Settings, database: Database
) -> None:
    create_secrets(settings.instance)
    program = "import gc, app; print(gc.isenabled(), gc.get_freeze_count() > len(gc.get_objects()))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "SURVEYAPP_INSTANCE": str(settings.instance)},
    )
    assert done.stdout.split() == ["True", "True"]


def test_uncompiled_catalogues_are_told_before_anything_is_served(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import surveyapp.locale as catalogues
    from surveyapp.web import create_app

    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    with pytest.raises(catalogues.CatalogueMissing, match="make catalogues"):
        create_app(settings)
