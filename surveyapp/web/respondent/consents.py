"""What a company agreed to, in which words and when; permitting less, and what can no longer be called back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.consent import ALL_CONSENTS, PARTICIPATION, list_narrower
from surveyapp.fieldwork.consent_changes import NotNarrower, narrow_one_consent
from surveyapp.fieldwork.consent_records import ConsentRecord, list_consents
from surveyapp.fieldwork.left_files import LeftFile, list_left_files
from surveyapp.questionnaire.model import Question
from surveyapp.records.database import Connection
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.csrf import FIELD, ProofFault, check_draft
from surveyapp.web.frame import LANGUAGE_NAMES, Notice
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.locale import find_language, show_time
from surveyapp.web.respondent.answer_words import RETURN_FIELD, TO_CHECK, AnswerWords
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.open_return import (
    OpenReturn,
    find_page_url,
    frame_return,
    note_unsubmitted,
    open_return,
    sign_return,
)
from surveyapp.web.respondent.pages import Consent, ConsentChoice, ConsentsPage, SaidConsent
from surveyapp.web.respondent.showing import NOTICE_FIELD, explain_stale_form

QUESTION_FIELD = "question"
CHOICE_FIELD = "choice"
NARROWED = "narrowed"


@respondent.get("/r/<token>/consents")
@allow(LINK_HOLDER)
def show_consents(token: str) -> Response | str:
    """Each consent, also after the round closed."""
    return render_consents(find_installation(), token)


@respondent.post("/r/<token>/consents")
@allow(LINK_HOLDER)
def narrow_consent(token: str) -> Response | str | tuple[Response | str, int]:
    """Permit less, at any time and at once."""
    installation = find_installation()
    problem: Notice | None = None
    with installation.database.write() as connection:
        opened = open_return(connection, installation, token)
        if opened.is_withdrawn:
            return redirect(url_for("respondent.resume", token=token), 303)
        try:
            check_draft(installation.settings, opened.draft.draft_id, request.form.get(FIELD))
            narrow_posted(connection, installation, opened)
        except ProofFault:
            problem = explain_stale_form()
        except NotNarrower:
            abort(400)
    if problem is not None:
        return render_consents(installation, token, problem), 400
    shown: dict[str, Any] = {NOTICE_FIELD: NARROWED}
    return redirect(url_for("respondent.show_consents", token=token, **shown), 303)


def narrow_posted(connection: Connection, installation: Installation, opened: OpenReturn) -> None:
    """Raises NotNarrower."""
    narrow_one_consent(
        connection,
        installation.vault,
        opened.draft,
        opened.questionnaire,
        request.form.get(QUESTION_FIELD, ""),
        request.form.get(CHOICE_FIELD, ""),
        language=find_language(),
        now=opened.opened_at,
    )


def render_consents(installation: Installation, token: str, problem: Notice | None = None) -> Response | str:
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
        said = list_consents(connection, opened.draft.survey_id, opened.draft.draft_id)
        files = list_files_of(connection, opened)
    if opened.is_withdrawn:
        return redirect(url_for("respondent.resume", token=token), 303)
    words = AnswerWords(opened.standing, find_language(), opened.round.operator_texts, token, {})
    page = ConsentsPage(
        frame=frame_return(opened),
        notices=(*list_consent_notices(problem), *note_unsubmitted(opened)),
        consents=tuple(
            build_consent(opened, words, opened.questionnaire.by_name[name], said)
            for name in ALL_CONSENTS
            if name in opened.questionnaire.by_name and opened.standing.is_relevant(name)
        ),
        files=files,
        is_submitted=opened.draft.state == "submitted",
        action=url_for("respondent.narrow_consent", token=token),
        csrf_token=sign_return(installation, opened),
        withdraw_url=url_for("respondent.show_withdrawal", token=token),
        back_url=url_for("respondent.resume", token=token),
    )
    return render_template("respondent/consents.html", page=page)


def build_consent(opened: OpenReturn, words: AnswerWords, question: Question, said: Sequence[ConsentRecord]) -> Consent:
    stored = opened.standing.answer(question.name)
    narrower = () if question.name == PARTICIPATION else list_narrower(question.name, stored)
    labels = {choice.name: words.write(choice.label) for choice in question.choices}
    is_wideable = opened.is_open and question.name != PARTICIPATION
    return Consent(
        name=question.name,
        label=words.write_label(question),
        now=words.write_answer(question, stored)[0] if stored is not None else _("Not answered"),
        choices=tuple(ConsentChoice(name, labels[name]) for name in narrower if name in labels),
        said=tuple(build_said(record, labels) for record in reversed(said) if record.question == question.name),
        change_url=find_change_url(opened, question) if is_wideable else "",
        is_participation=question.name == PARTICIPATION,
    )


def find_change_url(opened: OpenReturn, question: Question) -> str:
    query: dict[str, Any] = {RETURN_FIELD: TO_CHECK, "_anchor": f"block-{question.name}"}
    return find_page_url(opened, opened.questionnaire.page_of[question.name], **query)


def build_said(record: ConsentRecord, labels: Mapping[str, str]) -> SaidConsent:
    return SaidConsent(
        choice=labels.get(record.choice, record.choice) or _("Taken back"),
        said_at=show_time(record.said_at),
        language=LANGUAGE_NAMES[record.language],
        language_code=record.language,
        words=tuple(record.words.split("\n\n")),
        version=record.questionnaire_version,
    )


def list_files_of(connection: Connection, opened: OpenReturn) -> tuple[str, ...]:
    """Files that left while this return was in them, one line each."""
    draft = opened.draft
    if draft.submitted_at is None:
        return ()
    until = draft.withdrawn_at or opened.opened_at
    files = list_left_files(connection, draft.survey_id, draft.round_id, since=draft.submitted_at, until=until)
    return tuple(describe_file(file) for file in files)


def describe_file(file: LeftFile) -> str:
    time = show_time(file.left_at)
    words: str = {
        "figures": _("%(time)s: figures only, for the ministry", time=time),
        "times": _("%(time)s: times and pages of the returns, no answers", time=time),
        "unnamed": _("%(time)s: answers that point to no single company", time=time),
        "answers": _("%(time)s: answers without company names or contacts", time=time),
        "names": _("%(time)s: answers with company names as far as they were given", time=time),
    }[file.holds]
    return words


def list_consent_notices(problem: Notice | None) -> tuple[Notice, ...]:
    if problem is not None:
        return (problem,)
    if request.args.get(NOTICE_FIELD) == NARROWED:
        return (Notice(_("Your consent was changed. It took effect at once, everywhere."), tone="success"),)
    return ()
