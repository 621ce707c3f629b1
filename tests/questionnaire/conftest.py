from __future__ import annotations

from pathlib import Path

import pytest

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire, read_questionnaire

SMALL_FORM = (Path(__file__).parent / "small_form.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def real() -> Questionnaire:
    return load_builtin_questionnaire()


@pytest.fixture(scope="session")
def small() -> Questionnaire:
    return read_questionnaire(SMALL_FORM)
