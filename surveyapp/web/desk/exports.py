"""Files that leave the desk. Each is audited, and its first rows are built before a header is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import quote

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.disclosure import Audience, release_issue_table
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import FilterUnknown, build_mask
from surveyapp.analysis.open_indexes import open_index
from surveyapp.fieldwork.return_stream import stream_returns
from surveyapp.fieldwork.rounds import Round, find_round, list_rounds, load_questionnaire_of
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.audit import Detail, write_audit
from surveyapp.reports.csv_export import Numbers, RawKind, RawOptions, name_file, name_raw_file, stream_raw_csv
from surveyapp.reports.ministry_table import MinistryOptions, stream_ministry_csv
from surveyapp.reports.words import Words
from surveyapp.web.access import ANALYST, MANAGER, allow, may
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.pages import ExportPage, FilterOption
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor, find_words
from surveyapp.web.frame import LANGUAGE_NAMES, Notice, SummaryFault
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.locale import find_language, read_language

REASON_LENGTH = 10  # characters at least: enough for a purpose, too many for a dash
MOST_REASON = 500


@allow(ANALYST)
def show_export(slug: str) -> str:
    return _show_export(slug)


@allow(ANALYST)
def send_raw(slug: str) -> Response:
    """The raw file: names of choices, or labels in one language."""
    return _send_raw(slug, "raw", reason=None)


def _show_export_again(slug: str) -> str:
    notice = Notice(_("The form had become stale. Please check your reason and send it again."), "warning")
    return _show_export(slug, notice=notice)


@allow(MANAGER)
@show_again_with(_show_export_again)
def send_identified(slug: str) -> Response | tuple[str, int]:
    """The raw file with what names the companies; a manager says why it is needed."""
    reason = " ".join(request.form.get("reason", "").split())
    if not REASON_LENGTH <= len(reason) <= MOST_REASON:
        words = _(
            "Say in %(least)s to %(most)s characters what the file is for.", least=REASON_LENGTH, most=MOST_REASON
        )
        return _show_export(slug, faults=(SummaryFault(words, "#reason"),)), 422
    return _send_raw(slug, "identified", reason=reason)


@allow(ANALYST)
def send_ministry(slug: str) -> Response:
    """The ministry table: released figures only."""
    installation = find_installation()
    words, with_labels = _read_words(), _read_labels()
    survey_round, questionnaire, index = _load(installation, slug)
    mask = build_mask(index, questionnaire, survey_round.round_id)
    table = release_issue_table(rank_issues(index, questionnaire, load_taxonomy(), mask), Audience.MINISTRY)
    options = MinistryOptions(words, with_labels)
    content = stream_ministry_csv(table, survey_round, questionnaire, options)
    now = datetime.now(UTC)
    name = f"{name_file(survey_round.survey_id, survey_round, 'ministry', now)}_{words.language}.csv"
    details: dict[str, Detail] = {"language": words.language, "labels": with_labels, "revision": index.revision}
    return _send(installation, survey_round, "ministry", name, content, details, now)


def _send_raw(slug: str, kind: RawKind, *, reason: str | None) -> Response:
    installation = find_installation()
    options = RawOptions(_read_words(), _read_labels(), kind)
    survey_round, questionnaire, index = _load(installation, slug)
    counted = index.of_round(survey_round.round_id)
    content = _stream_raw(installation, survey_round, questionnaire, options, counted)
    now = datetime.now(UTC)
    name = name_raw_file(survey_round.survey_id, survey_round, options, now)
    details: dict[str, Detail] = {
        "language": options.words.language,
        "labels": options.with_labels,
        "counted": len(counted),
        "revision": index.revision,
    }
    if reason is not None:
        details["reason"] = reason
    return _send(installation, survey_round, kind, name, content, details, now)


def _stream_raw(
    installation: Installation,
    survey_round: Round,
    questionnaire: Questionnaire,
    options: RawOptions,
    counted: Numbers,
) -> Iterator[bytes]:
    """The file, read in one transaction that ends with the last row or when the reader goes away."""
    vault = installation.vault if options.kind == "identified" else None
    with installation.database.read() as connection:
        returns = stream_returns(connection, survey_round.survey_id, survey_round.round_id, vault=vault)
        yield from stream_raw_csv(returns, questionnaire, survey_round, options, counted=counted)


def _send(
    installation: Installation,
    survey_round: Round,
    kind: str,
    name: str,
    content: Iterator[bytes],
    details: dict[str, Detail],
    now: datetime,
) -> Response:
    """The reply, once the first rows are made and the export stands in the audit trail."""
    first = next(content, b"")
    with installation.database.write() as connection:
        write_audit(
            connection,
            actor=find_actor(),
            action="export.csv",
            at=now,
            survey_id=survey_round.survey_id,
            round_id=survey_round.round_id,
            details={"kind": kind, **details, "file": name},
        )
    response = Response(_Rows(first, content), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"
    return response


class _Rows:
    """What the server sends, chunk by chunk; closing it ends the reading transaction."""

    def __init__(self, first: bytes, rest: Iterator[bytes]) -> None:
        self._chunks = chain([first], rest)
        self._rest = rest

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        close = getattr(self._rest, "close", None)
        if close is not None:
            close()


def _load(installation: Installation, slug: str) -> tuple[Round, Questionnaire, AnswerIndex]:
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        questionnaire = load_questionnaire_of(connection, survey_round)
    return (
        survey_round,
        questionnaire,
        open_index(installation.database, survey_id, snapshots=installation.settings.instance),
    )


def _read_words() -> Words:
    """The language of the file, which need not be that of the page."""
    given = request.values.get("language")
    language = read_language(given) if given else find_language()
    if language is None:
        raise FilterUnknown("language", given)
    return Words(language, load_translator(language))


def _read_labels() -> bool:
    given = request.values.get("form", "codes")
    if given not in ("codes", "labels"):
        raise FilterUnknown("form", given)
    return given == "labels"


def _show_export(slug: str, *, faults: tuple[SummaryFault, ...] = (), notice: Notice | None = None) -> str:
    installation = find_installation()
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        rounds = list_rounds(connection, survey_id)
    index = open_index(installation.database, survey_id, snapshots=installation.settings.instance)
    current = find_language()
    page = ExportPage(
        frame=build_desk_frame(survey_round),
        head=build_round_head(survey_round, rounds),
        csrf_token=generate_csrf(),
        raw_url=url_for("desk.send_raw", slug=slug),
        ministry_url=url_for("desk.send_ministry", slug=slug),
        identified_url=url_for("desk.send_identified", slug=slug) if may(MANAGER) else "",
        languages=tuple(FilterOption(language, name, language == current) for language, name in LANGUAGE_NAMES.items()),
        reason=request.form.get("reason", ""),
        faults=faults,
        notice=notice,
        returns=find_words().number(len(index.of_round(survey_round.round_id))),
    )
    return render_template("desk/export.html", page=page)
