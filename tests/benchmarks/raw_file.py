"""The raw CSV with labels, written as the desk does."""

from __future__ import annotations

from collections.abc import Container
from typing import BinaryIO

from surveyapp.fieldwork.return_stream import stream_returns
from surveyapp.fieldwork.rounds import find_round
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.reports.csv_export import RawOptions, stream_raw_csv
from surveyapp.reports.words import Words


def export_raw(
    database: Database, questionnaire: Questionnaire, slug: str, file: BinaryIO, counted: Container[int]
) -> None:
    """Write a round's raw CSV with Korean labels."""
    options = RawOptions(Words("ko", load_translator("ko")), with_labels=True)
    with database.read() as connection:
        survey_round = find_round(connection, questionnaire.form_id, slug)
        returns = stream_returns(connection, survey_round.survey_id, survey_round.round_id)
        for chunk in stream_raw_csv(returns, questionnaire, survey_round, options, counted=counted):
            file.write(chunk)
