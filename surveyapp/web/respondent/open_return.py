"""A return as its link opens it, and what every page about it shows around its content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from surveyapp.fieldwork.answering import Draft, find_draft
from surveyapp.fieldwork.rounds import Round, find_round_by_id, load_questionnaire_of
from surveyapp.questionnaire.model import Language, Page, Questionnaire
from surveyapp.questionnaire.paths import Standing, evaluate, find_first_incomplete, find_resume_page
from surveyapp.records.database import Connection
from surveyapp.web.csrf import sign_draft
from surveyapp.web.frame import Frame, Notice, build_frame
from surveyapp.web.installation import Installation
from surveyapp.web.locale import find_language, find_language_urls, has_named_language, read_language, use_language
from surveyapp.web.respondent.pages import Step

OPERATOR = "operator"  # the placeholder that names who asks
SWITCH_FIELD = "switch_language"


@dataclass(frozen=True, slots=True)
class OpenReturn:
    """A draft with its round and questionnaire, and where its answers stand."""

    token: str
    draft: Draft
    round: Round
    questionnaire: Questionnaire
    standing: Standing
    opened_at: datetime

    @property
    def is_open(self) -> bool:
        return self.round.state(self.opened_at) == "open" and self.draft.state != "withdrawn"

    @property
    def is_withdrawn(self) -> bool:
        return self.draft.state == "withdrawn"


def open_return(connection: Connection, installation: Installation, token: str) -> OpenReturn:
    """The return behind a link, in its own language where the person named none. Raises LinkUnknown."""
    survey_id = installation.settings.survey_id
    draft = find_draft(connection, installation.vault, survey_id, token)
    round_ = find_round_by_id(connection, survey_id, draft.round_id)
    questionnaire = load_questionnaire_of(connection, round_)
    if not has_named_language():
        use_language(draft.language)
    return OpenReturn(token, draft, round_, questionnaire, evaluate(questionnaire, draft.answers), tell_time())


def tell_time() -> datetime:
    return datetime.now(UTC)


def find_switched_language() -> Language | None:
    """The language that a button inside the posted form asks for."""
    return read_language(request.form.get(SWITCH_FIELD))


def frame_round(
    round_: Round,
    *,
    switch_form: str | None = None,
    home_url: str | None = None,
) -> Frame:
    """The frame of a page of this round."""
    language = find_language()
    return build_frame(
        language,
        site_name=round_.title.in_language(language),
        language_urls=find_language_urls(),
        owner=round_.operator_texts[OPERATOR].in_language(language) if OPERATOR in round_.operator_texts else "",
        home_url=home_url,
        switch_form=switch_form,
        round_kind=round_.kind,
    )


def frame_return(opened: OpenReturn, *, switch_form: str | None = None) -> Frame:
    """The frame of a page of this return."""
    return frame_round(opened.round, switch_form=switch_form, home_url=url_for("respondent.resume", token=opened.token))


def sign_return(installation: Installation, opened: OpenReturn) -> str:
    """The proof that the forms of this return carry."""
    return sign_draft(installation.settings, opened.draft.draft_id)


def list_steps(opened: OpenReturn, current: Page | None) -> tuple[Step, ...]:
    """The sections on the way; `current` is None on the pages after the last question."""
    standing, language = opened.standing, find_language()
    seen = name_pages_until(standing, find_resume_page(standing))
    incomplete = find_first_incomplete(standing)
    reachable = name_pages_until(standing, incomplete) | ({incomplete.name} if incomplete is not None else set())
    steps = []
    for section in opened.questionnaire.sections:
        pages = [page for page in standing.pages if page.section.name == section.name]
        if not pages:
            continue
        is_current = current is not None and current.section.name == section.name
        is_done = all(page.name in seen for page in pages)
        steps.append(
            Step(
                text=section.label.filled(opened.round.operator_texts).in_language(language),
                state="current" if is_current else "done" if is_done else "todo",
                page_name=pages[0].name if pages[0].name in reachable else "",
                url=find_page_url(opened, pages[0]) if current is None and pages[0].name in reachable else "",
            )
        )
    return tuple(steps)


def name_pages_until(standing: Standing, page: Page | None) -> set[str]:
    """Names of the shown pages before `page`; of all where it is None."""
    names = [each.name for each in standing.pages]
    return set(names if page is None else names[: names.index(page.name)])


def find_page_url(opened: OpenReturn, page: Page | None, **query: Any) -> str:
    """The address of a page, or of the check of all answers where there is none."""
    if page is None:
        return url_for("respondent.show_check", token=opened.token, **query)
    return url_for("respondent.show_questions", token=opened.token, page_name=page.name, **query)


def note_unsubmitted(opened: OpenReturn) -> tuple[Notice, ...]:
    """The band of a return that was submitted and then changed."""
    if not opened.draft.has_unsubmitted_changes:
        return ()
    return (
        Notice(
            _("Your return was submitted. What you changed since then counts only when you submit it again."),
            tone="warning",
            title=_("You have changes that are not submitted"),
        ),
    )
