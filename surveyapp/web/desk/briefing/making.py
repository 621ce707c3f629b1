"""The files of a briefing: made of the same figures, named and audited alike, for the desk and for the command."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from flask import render_template

from surveyapp.records.audit import write_audit
from surveyapp.records.database import Connection
from surveyapp.reports.briefing.figures import BriefingFigures
from surveyapp.reports.briefing.paper import build_paper
from surveyapp.reports.briefing.workbook import write_briefing_workbook
from surveyapp.reports.csv_export import name_file
from surveyapp.reports.ministry_table import MinistryOptions, stream_ministry_csv
from surveyapp.reports.pdf_files import load_pdf
from surveyapp.reports.released_methods import write_released_methods
from surveyapp.reports.words import Words
from surveyapp.web.desk.briefing.pages import BriefingPdf
from surveyapp.web.desk.surroundings import name_round
from surveyapp.web.installation import find_installation
from surveyapp.web.static_files import FOLDER

BriefingFormat = Literal["pdf", "xlsx", "csv"]
BRIEFING_FORMATS: tuple[BriefingFormat, ...] = ("pdf", "xlsx", "csv")
MEDIA_TYPES: Mapping[BriefingFormat, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}
PDF_STYLES = FOLDER / "css" / "briefing_paper.css"
PDF_FOLDER = ("caches", "briefings")  # inside the instance folder


def make_briefing_file(form: BriefingFormat, words: Words, figures: BriefingFigures, *, now: datetime) -> bytes:
    """The whole file, a few hundred kilobytes at most; inside an application. Raises `PdfUnavailable`."""
    match form:
        case "pdf":
            return make_briefing_pdf(words, figures, now=now)
        case "xlsx":
            file = io.BytesIO()
            write_briefing_workbook(file, words, figures, now=now)
            return file.getvalue()
        case "csv":
            methods = write_released_methods(words, figures.survey_round, figures.methods)
            options = MinistryOptions(words, methods=methods)
            return b"".join(stream_ministry_csv(figures.table, figures.survey_round, figures.questionnaire, options))


def make_briefing_pdf(words: Words, figures: BriefingFigures, *, now: datetime) -> bytes:
    """One page A4, tagged, with its fonts inside, in the language of `words`. Raises `PdfUnavailable`."""
    page = BriefingPdf(build_paper(words, figures, now=now), name_round(figures.survey_round, words))
    html = render_template("desk/briefing/paper_pdf.html", page=page)
    folder = find_installation().settings.instance.joinpath(*PDF_FOLDER)
    return load_pdf(folder, html, PDF_STYLES.read_text(encoding="utf-8"), files=FOLDER)


def name_briefing_file(form: BriefingFormat, words: Words, figures: BriefingFigures, now: datetime) -> str:
    survey_round = figures.survey_round
    return f"{name_file(survey_round.survey_id, survey_round, 'briefing', now)}_{words.language}.{form}"


def audit_briefing(
    connection: Connection,
    form: BriefingFormat,
    words: Words,
    figures: BriefingFigures,
    *,
    actor: str,
    name: str,
    now: datetime,
) -> None:
    """That a file of figures left, so that it is found when a return is withdrawn."""
    survey_round = figures.survey_round
    write_audit(
        connection,
        actor=actor,
        action="export.file",
        at=now,
        survey_id=survey_round.survey_id,
        round_id=survey_round.round_id,
        details={
            "kind": "briefing",
            "format": form,
            "language": words.language,
            "revision": figures.table.origin.revision,
            "file": name,
        },
    )
