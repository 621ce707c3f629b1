"""The composer: choose what a file holds and how it is written, see what it will hold, then make it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from surveyapp.analysis.deidentification import Deidentification
from surveyapp.analysis.file_memory import list_forgotten_files
from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.records.kept_files import FileStore
from surveyapp.reports.csv_export import COMPARTMENTS
from surveyapp.reports.exports.columns import describe_columns
from surveyapp.reports.exports.making import (
    Ground,
    Source,
    open_ground,
    preview_deidentification,
    refuse_empty,
)
from surveyapp.reports.exports.methods import list_deidentification, name_export_kind
from surveyapp.reports.exports.paradata import COLUMNS as PARADATA_COLUMNS
from surveyapp.reports.exports.refusals import explain_refusal
from surveyapp.reports.exports.request import ExportRequest, RequestUnknown, read_request
from surveyapp.reports.exports.row_table import LONG_FACTS, ExportRefused
from surveyapp.reports.words import Words
from surveyapp.web.access import ANALYST, MANAGER, allow, may
from surveyapp.web.desk.exporting.kept import build_file_cards, list_round_files
from surveyapp.web.desk.exporting.pages import ComposerPage, Preview
from surveyapp.web.desk.exporting.words import describe_format, describe_kind, list_choices, name_format
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.frame import Link, Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import PARAMETER, find_language

OPTIONS = frozenset({"kind", "format", "layout", "cells", "language"})
_PARAMETERS = OPTIONS | {PARAMETER, "asked"}


@allow(ANALYST)
def show_export(slug: str) -> str:
    """Raises FilterUnknown for a parameter that means nothing here."""
    for name in request.args:
        if name not in _PARAMETERS:
            raise FilterUnknown(name)
    notice = None
    if request.args.get("asked"):
        told = _("It stands in the list below and can be fetched there when it is done.")
        notice = Notice(told, "success", _("The file is being made"))
    return show_composer(slug, read_options(), notice=notice)


def read_options() -> ExportRequest:
    """The options that were sent. Raises FilterUnknown."""
    try:
        return read_request(request.values, language=find_language())
    except RequestUnknown as unknown:
        raise FilterUnknown(unknown.name) from unknown


def find_source() -> Source:
    installation = find_installation()
    settings = installation.settings
    return Source(installation.database, installation.vault, settings.survey_id, settings.instance)


def show_composer(
    slug: str, chosen: ExportRequest, *, faults: tuple[SummaryFault, ...] = (), notice: Notice | None = None
) -> str:
    installation, words, now = find_installation(), find_words(), datetime.now(UTC)
    may_identify = may(MANAGER)
    if chosen.kind == "identified" and not may_identify:
        chosen = ExportRequest(format=chosen.format, layout=chosen.layout, cells=chosen.cells, language=chosen.language)
    with open_ground(find_source(), slug) as ground:
        survey_round = ground.survey_round
        rounds = list_rounds(ground.connection, survey_round.survey_id)
        jobs = list_round_files(ground.connection, survey_round)
        preview = _build_preview(ground, chosen, words, now)
    store = FileStore(installation.settings.instance, installation.vault)
    page = ComposerPage(
        frame=build_desk_frame(survey_round),
        head=build_round_head(survey_round, rounds),
        notice=notice,
        faults=faults,
        reason=request.form.get("reason", ""),
        csrf_token=generate_csrf(),
        own_url=url_for("desk.show_export", slug=slug),
        make_url=url_for("desk.make_file", slug=slug),
        choices=list_choices(words, chosen, may_identify=may_identify),
        preview=preview,
        files=tuple(build_file_cards(jobs, store, slug, words, now)),
        codebook=list_codebook_links(slug, with_page=True),
    )
    return render_template("desk/exporting/composer.html", page=page)


def is_made_by_job(ground: Ground, chosen: ExportRequest) -> bool:
    """Whether the file takes longer than a page may: those of figures never do."""
    most = find_installation().settings.export_direct_most
    return chosen.kind != "ministry" and len(ground.counted) > most


def list_codebook_links(slug: str, *, with_page: bool) -> tuple[Link, ...]:
    links = (
        Link(url_for("desk.send_codebook", slug=slug, form="ddi"), "DDI-Codebook 2.5 (XML)"),
        Link(url_for("desk.send_codebook", slug=slug, form="redcap"), _("Data dictionary as in REDCap (CSV)")),
    )
    own = Link(url_for("desk.show_codebook", slug=slug), _("Codebook, to be read"))
    return (own, *links) if with_page else links


def _build_preview(ground: Ground, chosen: ExportRequest, words: Words, now: datetime) -> Preview:
    by_job = is_made_by_job(ground, chosen)
    decided = preview_deidentification(ground) if chosen.kind == "deidentified" and not by_job else None
    refusal = None
    try:
        if not chosen.is_offered:
            raise ExportRefused("not_offered")
        if decided is not None:
            refuse_empty(decided, ground.survey_round, now)
    except ExportRefused as refused:
        what, advice = explain_refusal(words, refused)
        refusal = Notice(advice, "warning", what)
    name = chosen.name_file(ground.source.survey_id, ground.survey_round, now)
    facts = [
        (words.gettext("Holds"), describe_kind(words, chosen.kind)),
        (name_format(words, chosen.format), describe_format(words, chosen.format)),
        (words.gettext("File name"), name),
        *_list_counts(ground, chosen, words, decided),
    ]
    if by_job:
        facts.append((words.gettext("Made"), words.gettext("in the background; you can leave this page meanwhile")))
    return Preview(
        title=name_export_kind(words, chosen.kind),
        facts=tuple(facts),
        refusal=refusal,
        warning=_warn_of_forgotten(ground, words, now) if chosen.kind == "deidentified" and refusal is None else None,
        fields=tuple(chosen.describe().items()),
        needs_reason=chosen.kind == "identified",
        button=words.gettext("Make the file") if by_job else words.gettext("Download"),
    )


def _warn_of_forgotten(ground: Ground, words: Words, now: datetime) -> Notice | None:
    """That files left which are not remembered."""
    forgotten = list_forgotten_files(ground.connection, ground.survey_round, now)
    if not forgotten:
        return None
    days = words.join(dict.fromkeys(words.day(file.left_at) for file in forgotten))
    told = words.gettext(
        "This version of the program does not know which returns were in them. A new file read together with one of "
        "them could reveal companies: make one only for people who have none of them."
    )
    return Notice(told, "warning", words.gettext("De-identified files left earlier: %(days)s", days=days))


def _list_counts(
    ground: Ground, chosen: ExportRequest, words: Words, decided: Deidentification | None
) -> list[tuple[str, str]]:
    """Returns and columns; what is made coarser where that can be worked out while somebody waits."""
    facts: list[tuple[str, str]] = []
    returns = words.number(len(ground.counted))
    if chosen.kind in ("raw", "identified"):
        facts.append((words.gettext("Returns"), words.gettext("%(returns)s counted", returns=returns)))
        columns = describe_columns(ground.questionnaire, {}, compartments=COMPARTMENTS[chosen.kind]).all
        facts.append((words.gettext("Columns"), _count_columns(chosen, len(columns), words)))
    elif chosen.kind == "paradata":
        facts.append((words.gettext("Columns"), words.join(column.name for column in PARADATA_COLUMNS)))
    elif chosen.kind == "deidentified":
        if decided is None:
            told = words.gettext("worked out when the file is made")
            facts.append((words.gettext("What is coarsened or left out"), told))
        else:
            kept = words.gettext("%(kept)s of %(all)s counted", kept=words.number(len(decided.released)), all=returns)
            facts.append((words.gettext("Returns"), kept))
        if decided is not None and decided.released:
            facts += [(what, how) for what, how in list_deidentification(words, ground.questionnaire, decided)]
        if decided is None or (decided.released and not decided.is_again):
            told = words.gettext(
                "Remembered once it is made: later files of the round are made so that no company can be told from "
                "all of them together, and may hold less. Make it only in order to give it out."
            )
            facts.append((words.gettext("This file"), told))
    return facts


def _count_columns(chosen: ExportRequest, wide: int, words: Words) -> str:
    if chosen.layout == "long":
        return words.join(("number", *LONG_FACTS))
    return words.number(wide)
