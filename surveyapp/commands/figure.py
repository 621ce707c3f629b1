"""`figure CODE`: where a released figure came from, and whether the responses still say the same."""

from __future__ import annotations

from typing import cast

import click

from surveyapp.analysis.figure_codes import CodeMalformed, read_code, write_code
from surveyapp.analysis.open_indexes import open_index
from surveyapp.analysis.provenance import FigureUnknown, trace_figures
from surveyapp.commands.installation import open_installation
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.reports.figure_report import FigureReport, report_figure
from surveyapp.reports.words import Words


@click.command()
@click.argument("code")
@click.option("--language", default="en", show_default=True, type=click.Choice(LANGUAGES), help="Of the words.")
def figure(code: str, language: str) -> None:
    """Say where the released figure CODE came from, and compute it again. Status 1 where its table was altered."""
    try:
        bare = read_code(code)
    except CodeMalformed as fault:
        raise click.ClickException("a code has eight letters and digits, for example K7QM-3XW2") from fault
    words = Words(cast(Language, language), load_translator(language))
    with open_installation() as installation:
        settings = installation.settings
        index = open_index(installation.database, settings.survey_id, snapshots=settings.instance)
        try:
            with installation.database.read() as connection:
                traced = trace_figures(connection, index, bare, audiences=tuple(Audience))
        except FigureUnknown as fault:
            raise click.ClickException(
                f"no released figure has the code {write_code(bare)}; emptying a round forgets its codes"
            ) from fault
        reports = [report_figure(each, words, for_staff=True) for each in traced]
    click.echo("\n\n".join(_write_report(words, write_code(bare), each) for each in reports))
    if not all(each.is_intact for each in reports):
        raise SystemExit(1)


def _write_report(words: Words, code: str, report: FigureReport) -> str:
    lines = [code, words.pair(report.title, report.value), ""]
    lines += [verdict.text for verdict in report.verdicts]
    lines += ["", *(words.pair(fact.label, fact.text) for fact in report.facts), ""]
    for row in report.row.rows:
        cells = [f"{cell.text} {cell.note}".strip() for cell in row.cells]
        lines.append("  ".join((row.heading.text, *cells)))
    return "\n".join(lines)
