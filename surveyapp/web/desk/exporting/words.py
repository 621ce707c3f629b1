"""The options of the composer and what the file will hold, in words."""

from __future__ import annotations

from surveyapp.reports.exports.methods import name_export_kind
from surveyapp.reports.exports.request import (
    CELL_WORDS,
    FORMATS,
    KINDS,
    LAYOUTS,
    CellWords,
    ExportFormat,
    ExportKind,
    ExportLayout,
    ExportRequest,
)
from surveyapp.reports.words import Words
from surveyapp.web.desk.exporting.pages import Choice
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.frame import LANGUAGE_NAMES


def list_choices(words: Words, request: ExportRequest, *, may_identify: bool) -> tuple[Choice, ...]:
    kinds = [kind for kind in KINDS if may_identify or kind != "identified"]
    return (
        Choice(
            "kind",
            words.gettext("What the file holds"),
            tuple(FilterOption(kind, name_export_kind(words, kind), kind == request.kind) for kind in kinds),
        ),
        Choice(
            "format",
            words.gettext("Format"),
            tuple(FilterOption(each, name_format(words, each), each == request.format) for each in FORMATS),
        ),
        Choice(
            "layout",
            words.gettext("Layout"),
            tuple(FilterOption(each, name_layout(words, each), each == request.layout) for each in LAYOUTS),
        ),
        Choice(
            "cells",
            words.gettext("Cells and headings"),
            tuple(FilterOption(each, name_cells(words, each), each == request.cells) for each in CELL_WORDS),
        ),
        Choice(
            "language",
            words.gettext("Language of labels and remarks"),
            tuple(FilterOption(each, name, each == request.language) for each, name in LANGUAGE_NAMES.items()),
            are_languages=True,
        ),
    )


def name_format(words: Words, form: ExportFormat) -> str:
    return {
        "csv": words.gettext("CSV for spreadsheets"),
        "csv-plain": words.gettext("CSV for R and Python"),
        "xlsx": words.gettext("Excel workbook (XLSX)"),
        "sav": "SPSS (.sav)",
        "parquet": "Parquet",
    }[form]


def name_layout(words: Words, layout: ExportLayout) -> str:
    return {
        "wide": words.gettext("Wide: one row a return"),
        "long": words.gettext("Long: one row an answer"),
    }[layout]


def name_cells(words: Words, cells: CellWords) -> str:
    return {"codes": words.gettext("Codes"), "labels": words.gettext("Labels")}[cells]


def describe_kind(words: Words, kind: ExportKind) -> str:
    """Who is in the file, and what of them."""
    return {
        "raw": words.gettext(
            "All submitted returns. Nothing that names a company or reaches a person; texts of companies that allowed "
            "statistics only are withheld."
        ),
        "identified": words.gettext(
            "The raw answers with what names the company. Contact details are never exported. For managers, with a "
            "reason that is kept in the audit trail."
        ),
        "deidentified": words.gettext(
            "Counted returns in no order, without number, time, language or mode. What others know of a company is "
            "coarsened until enough companies are alike; texts are there by consent alone, with the names that are "
            "known taken out."
        ),
        "ministry": words.gettext(
            "Released figures only: areas and problems that can be raised with Japan, by priority index, with base, "
            "interval, tier and stage. A hidden figure says why."
        ),
        "paradata": words.gettext("How returns came about: times, language, mode and pages. No answer is in the file."),
    }[kind]


def describe_format(words: Words, form: ExportFormat) -> str:
    """How the format tells kinds of missing apart, and what else is in the file."""
    return {
        "csv": words.gettext(
            "UTF-8 with a mark, CRLF. Not asked is blank, not answered .n, withheld .w, suppressed .s."
        ),
        "csv-plain": words.gettext(
            "UTF-8 without a mark, LF. Not asked is blank, not answered .n, withheld .w, suppressed .s."
        ),
        "xlsx": words.gettext(
            "Sheets with data, methods and codebook. Numbers are numbers, codes are text. Not asked is blank, not "
            "answered .n, withheld .w, suppressed .s."
        ),
        "sav": words.gettext(
            "Labels, measures and multiple-response sets. Each kind of missing has its own user-missing value."
        ),
        "parquet": words.gettext(
            "A column that can lack an answer has another beside it that says why. Labels are in the fields' metadata."
        ),
    }[form]
