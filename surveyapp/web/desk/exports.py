"""Files that leave the desk. Each is audited, and its first rows are built before a header is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import quote

from flask import request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import FilterUnknown, build_mask
from surveyapp.analysis.ministry_release import release_ministry_table
from surveyapp.analysis.released_methods import release_methods
from surveyapp.fieldwork.return_stream import stream_returns
from surveyapp.fieldwork.rounds import Round, find_round, load_questionnaire_of
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.audit import Detail, write_audit
from surveyapp.reports.csv_export import RawKind, RawOptions, name_file, name_raw_file, stream_raw_csv
from surveyapp.reports.exports.request import ExportRequest
from surveyapp.reports.exports.row_layout import Numbers
from surveyapp.reports.ministry_table import MinistryOptions, stream_ministry_csv
from surveyapp.reports.released_methods import write_released_methods
from surveyapp.reports.words import Words
from surveyapp.web.access import ANALYST, MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.current_index import open_current_index
from surveyapp.web.desk.exporting.composer_page import show_composer
from surveyapp.web.desk.exporting.sending import find_reason_fault
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import Notice
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.locale import PARAMETER, find_language, read_language

_PARAMETERS = frozenset({PARAMETER, "form", "language"})


@allow(ANALYST)
def send_raw(slug: str) -> Response:
    """The raw file: names of choices, or labels in one language."""
    return _send_raw(slug, "raw", reason=None)


_IDENTIFIED = ExportRequest("identified")


def _show_export_again(slug: str) -> str:
    notice = Notice(_("The form had become stale. Please check your reason and send it again."), "warning")
    return show_composer(slug, _IDENTIFIED, notice=notice)


@allow(MANAGER)
@show_again_with(_show_export_again)
def send_identified(slug: str) -> Response | tuple[str, int]:
    """The raw file with what names the companies; a manager says why it is needed."""
    reason = " ".join(request.form.get("reason", "").split())
    if (fault := find_reason_fault(reason)) is not None:
        return show_composer(slug, _IDENTIFIED, faults=(fault,)), 422
    return _send_raw(slug, "identified", reason=reason)


@allow(ANALYST)
def send_ministry(slug: str) -> Response:
    """The ministry table: released figures only."""
    _check_parameters()
    installation = find_installation()
    words, with_labels = _read_words(), _read_labels()
    survey_round, questionnaire, index = _load(installation, slug)
    mask = build_mask(index, questionnaire, survey_round.round_id)
    ranking = rank_issues(index, questionnaire, load_taxonomy(), mask)
    now = datetime.now(UTC)
    table = release_ministry_table(installation.database, survey_round, ranking, actor=find_actor(), now=now)
    with installation.database.read() as connection:
        methods = release_methods(connection, survey_round, mask.size, Audience.MINISTRY)
    options = MinistryOptions(words, with_labels, write_released_methods(words, survey_round, methods))
    content = stream_ministry_csv(table, survey_round, questionnaire, options)
    name = f"{name_file(survey_round.survey_id, survey_round, 'ministry', now)}_{words.language}.csv"
    details: dict[str, Detail] = {"language": words.language, "labels": with_labels, "revision": table.origin.revision}
    return _send(installation, survey_round, "ministry", name, content, details, now)


def _send_raw(slug: str, kind: RawKind, *, reason: str | None) -> Response:
    _check_parameters()
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
    return survey_round, questionnaire, open_current_index()


def _check_parameters() -> None:
    """Raises FilterUnknown for a parameter that means nothing here: a file that ignored a filter would mislead."""
    for name in request.args:
        if name not in _PARAMETERS:
            raise FilterUnknown(name)


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
