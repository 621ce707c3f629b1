"""A small questionnaire with every kind of question, and returns to write out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from surveyapp.fieldwork.return_stream import SubmittedReturn
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Answers, Questionnaire, Stored, Text
from surveyapp.questionnaire.paths import evaluate, keep_asked
from surveyapp.questionnaire.yaml_source import read_questionnaire

Submit = Callable[..., SubmittedReturn]


@pytest.fixture(scope="session")
def form() -> Questionnaire:
    return read_questionnaire((Path(__file__).parent / "export_form.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def survey_round() -> Round:
    return make_round("sample")


def make_round(kind: str, version: str = "2.0.0") -> Round:
    return Round(
        survey_id="export_form",
        round_id=1,
        slug="autumn",
        kind=kind,  # type: ignore[arg-type]
        questionnaire_version=version,
        title=Text("가을 회차", "Autumn round", "秋の回"),
        operator_texts={"operator": Text("시험 협회", "Test association", "試験協会")},
        opens_at=datetime(2026, 9, 1, 0, 0, tzinfo=UTC),
        closes_at=datetime(2026, 9, 30, 14, 59, tzinfo=UTC),
        open_link=True,
        counts_companies=True,
        scheduled_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def submit(form: Questionnaire) -> Submit:
    """A return as it is kept: what was not asked is dropped, each answer in its compartment."""

    def submit_return(
        number: int, answers: Answers, *, edited: bool = False, form: Questionnaire = form
    ) -> SubmittedReturn:
        kept = keep_asked(evaluate(form, answers))
        by_compartment: dict[str, dict[str, Stored]] = {"answers": {}, "texts": {}, "identity": {}, "contact": {}}
        for name, stored in kept.items():
            by_compartment[form.by_name[name].compartment][name] = stored
        return SubmittedReturn(
            number=number,
            language="ko",
            answers=by_compartment["answers"],
            texts=by_compartment["texts"],
            submitted_at=datetime(2026, 9, 2, 23, 30, 15, tzinfo=UTC),
            edited_at=datetime(2026, 9, 3, 0, 0, tzinfo=UTC) if edited else None,
            identity=by_compartment["identity"],
        )

    return submit_return
