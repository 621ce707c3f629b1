"""The rules of the house: which folder may import what. A breach is printed as `file:line: reason`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "surveyapp"

# The journey of an answer. A step may import itself and the steps before it; web and commands stand side by side, and
# commands may make the application.
STEPS = ("questionnaire", "forms", "records", "fieldwork", "analysis", "reports", "web", "commands")
LEAVES = {
    "settings": frozenset({"log_lines", "web", "commands"}),
    "log_lines": frozenset({"web", "commands"}),
    "locale": frozenset(STEPS),
}

# Library -> steps that may import it.
FENCES: dict[str, frozenset[str]] = {
    "flask": frozenset({"web"}),
    "flask_babel": frozenset({"web"}),
    "flask_limiter": frozenset({"web"}),
    "limits": frozenset({"web"}),
    "flask_login": frozenset({"web"}),
    "flask_principal": frozenset({"web"}),
    "flask_security": frozenset({"web"}),
    "flask_wtf": frozenset({"web"}),
    "werkzeug": frozenset({"web"}),
    "jinja2": frozenset({"web"}),
    "wtforms": frozenset({"forms", "web"}),
    "sqlalchemy": frozenset({"records", "fieldwork", "analysis"}),
    "alembic": frozenset({"records"}),
    "plotly": frozenset({"reports"}),
    "weasyprint": frozenset({"reports"}),
    "segno": frozenset({"reports"}),
    "openpyxl": frozenset({"fieldwork", "reports"}),
    "gunicorn": frozenset({"commands"}),
    "huey": frozenset({"commands"}),
    "click": frozenset({"commands"}),
    "structlog": frozenset({"log_lines", "web", "commands"}),
    "prometheus_client": frozenset({"web", "commands"}),
}
DRAWERS = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "lib", "libs"})


def find_imports(tree: ast.AST) -> Iterator[tuple[ast.Import | ast.ImportFrom, str, bool]]:
    """Each import of a module: the node, the module's dotted name, and whether it stands inside a function."""

    def walk(node: ast.AST, in_function: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, str, bool]]:
        for child in ast.iter_child_nodes(node):
            inside = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield child, alias.name, in_function
            elif isinstance(child, ast.ImportFrom):
                module = child.module or ""
                yield child, module, in_function
                if module == "surveyapp":
                    for alias in child.names:
                        yield child, f"surveyapp.{alias.name}", in_function
            else:
                yield from walk(child, inside)

    yield from walk(tree, False)


def find_step(path: Path) -> str:
    """`analysis` for surveyapp/analysis/issues.py, `settings` for surveyapp/settings.py."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def find_import_fault(step: str, module: str, *, in_function: bool) -> str | None:
    """Why `step` may not import `module`, None where it may."""
    top, _, rest = module.partition(".")
    if top != "surveyapp":
        allowed = FENCES.get(top)
        if allowed is not None and step not in allowed:
            return f"{step} may not import {top}"
        return None
    if in_function:
        return f"{module} is imported inside a function"
    target = rest.partition(".")[0]
    if not target or target == step:
        return None
    if target in LEAVES:
        return None if step in LEAVES[target] else f"{step} may not import {target}"
    if step in LEAVES or STEPS.index(target) > STEPS.index(step):
        return f"{step} may not import {target}"
    return None


def find_faults(path: Path, source: str) -> Iterator[str]:
    step = find_step(path)
    shown = path.relative_to(ROOT)
    if path.stem in DRAWERS:
        yield f"{shown}:1: a drawer named {path.stem} says nothing about what is in it"
    for node, module, in_function in find_imports(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"{shown}:{node.lineno}: relative import"
        elif fault := find_import_fault(step, module, in_function=in_function):
            yield f"{shown}:{node.lineno}: {fault}"


def test_imports_follow_the_journey() -> None:
    sources = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
    assert len(sources) > 40
    faults = [fault for path in sources for fault in find_faults(path, path.read_text(encoding="utf-8"))]
    assert not faults, "\n" + "\n".join(faults)


def test_every_step_is_known() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders == {*STEPS, "locale"}


@pytest.mark.parametrize(
    ("file", "source", "fault"),
    [
        ("analysis/issues.py", "\nfrom surveyapp.reports.charts import draw", "2: analysis may not import reports"),
        ("analysis/issues.py", "from surveyapp import web", "1: analysis may not import web"),
        ("questionnaire/paths.py", "import sqlalchemy.orm", "1: questionnaire may not import sqlalchemy"),
        ("forms/fields.py", "from flask import request", "1: forms may not import flask"),
        ("records/tables.py", "from surveyapp.settings import Settings", "1: records may not import settings"),
        ("locale/__init__.py", "from surveyapp.web import create_app", "1: locale may not import web"),
        ("web/desk/issues.py", "from . import sign_in", "1: relative import"),
        (
            "web/desk/issues.py",
            "def show():\n    from surveyapp.reports.charts import draw",
            "2: surveyapp.reports.charts is imported inside a function",
        ),
        ("web/utils.py", "", "1: a drawer named utils says nothing about what is in it"),
    ],
)
def test_a_breach_is_named_with_its_line(file: str, source: str, fault: str) -> None:
    assert list(find_faults(PACKAGE / file, source)) == [f"surveyapp/{file}:{fault}"]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("reports/charts/drawing.py", "def draw():\n    import plotly.graph_objects"),
        ("web/__init__.py", "from surveyapp.settings import Settings"),
        ("commands/serve.py", "from surveyapp.web import create_app"),
        ("questionnaire/paths.py", "from surveyapp.questionnaire.model import Page"),
        ("reports/tables.py", "from surveyapp.locale import load_translator"),
    ],
)
def test_what_the_house_allows_passes(file: str, source: str) -> None:
    assert list(find_faults(PACKAGE / file, source)) == []
