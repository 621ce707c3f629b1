"""What file is asked for: its kind, format, layout and words, as the desk, the command and a job's row name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast, get_args

from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.reports.csv_export import name_file

MAKE_EXPORT = "export.make"  # the kind of the job that makes a large file

ExportKind = Literal["raw", "identified", "deidentified", "ministry", "paradata"]
ExportFormat = Literal["csv", "csv-plain", "xlsx", "sav", "parquet"]
ExportLayout = Literal["wide", "long"]
CellWords = Literal["codes", "labels"]
KINDS: tuple[ExportKind, ...] = get_args(ExportKind)
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
LAYOUTS: tuple[ExportLayout, ...] = get_args(ExportLayout)
CELL_WORDS: tuple[CellWords, ...] = get_args(CellWords)

ENDINGS: Mapping[ExportFormat, str] = {
    "csv": ".csv",
    "csv-plain": ".csv",
    "xlsx": ".xlsx",
    "sav": ".sav",
    "parquet": ".parquet",
}
MEDIA_TYPES: Mapping[ExportFormat, str] = {
    "csv": "text/csv",
    "csv-plain": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "sav": "application/x-spss-sav",
    "parquet": "application/vnd.apache.parquet",
}
_LONG_KINDS: tuple[ExportKind, ...] = ("raw", "identified", "deidentified")  # of which there is one row an answer
_FIGURE_FORMATS: tuple[ExportFormat, ...] = ("csv", "csv-plain", "xlsx")  # for a table that is read, not computed with


class RequestUnknown(ValueError):
    """An option has a value that no file has; `name` is the option."""

    def __init__(self, name: str, value: object) -> None:
        super().__init__(f"{name}: {value}")
        self.name = name


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One file. `language` is that of labels and remarks."""

    kind: ExportKind = "raw"
    format: ExportFormat = "csv"
    layout: ExportLayout = "wide"
    cells: CellWords = "codes"
    language: Language = "ko"

    @property
    def with_labels(self) -> bool:
        return self.cells == "labels"

    @property
    def is_offered(self) -> bool:
        """Whether there is a file of this kind in this format and layout."""
        if self.layout == "long" and self.kind not in _LONG_KINDS:
            return False
        return self.kind != "ministry" or self.format in _FIGURE_FORMATS

    def describe(self) -> dict[str, str]:
        """The options by name, for a job's row and the audit trail."""
        return {
            "kind": self.kind,
            "format": self.format,
            "layout": self.layout,
            "cells": self.cells,
            "language": self.language,
        }

    def list_details(self) -> dict[str, str | bool]:
        """The options as the audit trail names them."""
        return {
            "kind": self.kind,
            "format": self.format,
            "layout": self.layout,
            "labels": self.with_labels,
            "language": self.language,
        }

    def name_file(self, survey_id: str, survey_round: Round, now: datetime) -> str:
        """A file name that says what is inside; a round that is not real says so in front."""
        parts = [name_file(survey_id, survey_round, self.kind, now)]
        if self.layout == "long":
            parts.append("long")
        if self.with_labels:
            parts.append(f"labels-{self.language}")
        else:  # the reasons in the ministry's table are words whatever its headings are
            parts.append(f"codes-{self.language}" if self.kind == "ministry" else "codes")
        if self.format == "csv-plain":
            parts.append("plain")
        return "_".join(parts) + ENDINGS[self.format]


def read_request(given: Mapping[str, Any], *, language: Language = "ko") -> ExportRequest:
    """The file that options ask for; what is not named is as in an `ExportRequest`. Raises `RequestUnknown`."""

    def read(name: str, known: tuple[str, ...], default: str) -> str:
        value = given.get(name) or default
        if value not in known:
            raise RequestUnknown(name, value)
        return str(value)

    return ExportRequest(
        kind=cast(ExportKind, read("kind", KINDS, "raw")),
        format=cast(ExportFormat, read("format", FORMATS, "csv")),
        layout=cast(ExportLayout, read("layout", LAYOUTS, "wide")),
        cells=cast(CellWords, read("cells", CELL_WORDS, "codes")),
        language=cast(Language, read("language", LANGUAGES, language)),
    )
