"""A return as its link opens it, and what every page about it shows around its content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import request, url_for

from surveyapp.fieldwork.drafts import Draft, LinkUnknown, find_return
from surveyapp.fieldwork.invitations.links import find_by_token
from surveyapp.fieldwork.part_links import (
    PartLink,
    PartLinks,
    check_not_former,
    find_part,
    list_handable,
    list_part_links,
    narrow_part,
)
from surveyapp.fieldwork.presence import OWN_LINK
from surveyapp.fieldwork.rounds import Round, find_round_by_id, load_questionnaire_of
from surveyapp.questionnaire.model import Language, Page, Questionnaire
from surveyapp.questionnaire.paths import Standing, check_page, evaluate, find_first_incomplete, find_resume_page
from surveyapp.records.database import Connection
from surveyapp.web.access import PART_HOLDER, require_rule
from surveyapp.web.csrf import name_browser_store, sign_draft
from surveyapp.web.frame import Frame, Notice, StaffEntry, build_frame
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.locale import find_language, find_language_urls, has_named_language, read_language, use_language
from surveyapp.web.locale import say as _
from surveyapp.web.respondent.pages import Step
from surveyapp.web.shown_text import hold_together

OPERATOR = "operator"  # the placeholder that names who asks
CONTACT = "privacy_contact"  # the one that names whom to ask
SWITCH_FIELD = "switch_language"
NOT_SHARED = PartLinks()


class ReturnNotBegun(Exception):
    """A personal link that opens something, but no return yet."""

    def __init__(self, token: str) -> None:
        super().__init__("nothing was begun through this link")
        self.token = token


@dataclass(frozen=True, slots=True)
class Routes:
    """Which views the pages of one kind of link lead to."""

    home: str
    questions: str
    save: str
    save_typed: str
    leave: str  # after saving, to come back later
    end: str  # after the last page


OWN_ROUTES = Routes(
    home="respondent.resume",
    questions="respondent.show_questions",
    save="respondent.save_questions",
    save_typed="respondent.save_typed",
    leave="respondent.show_link",
    end="respondent.show_check",
)
PART_ROUTES = Routes(
    home="respondent.show_part",
    questions="respondent.show_part_questions",
    save="respondent.save_part_questions",
    save_typed="respondent.save_part_typed",
    leave="respondent.show_part",
    end="respondent.show_part",
)


@dataclass(frozen=True, slots=True)
class OpenReturn:
    """A draft with its round and questionnaire, and where its answers stand: through its own link, or a part of it."""

    token: str
    draft: Draft
    round: Round
    questionnaire: Questionnaire
    standing: Standing
    opened_at: datetime
    part: PartLink | None = None
    shared: PartLinks = NOT_SHARED

    @property
    def routes(self) -> Routes:
        return OWN_ROUTES if self.part is None else PART_ROUTES

    @property
    def link_id(self) -> str:
        """Under which a visit through this link is kept."""
        return OWN_LINK if self.part is None else self.part.link_id

    @property
    def proof_name(self) -> str:
        """What the forms of this link prove to belong to."""
        return self.draft.draft_id if self.part is None else self.part.link_id

    def covers(self, page: Page) -> bool:
        """Whether this link opens the page at all."""
        return self.part is None or self.part.covers(page)

    def list_pages(self, standing: Standing) -> tuple[Page, ...]:
        """The pages that are asked now and that this link opens, in order."""
        return tuple(page for page in standing.pages if self.covers(page))

    @property
    def is_open(self) -> bool:
        return self.round.state(self.opened_at) == "open" and self.draft.state != "withdrawn"

    @property
    def is_withdrawn(self) -> bool:
        return self.draft.state == "withdrawn"


def open_return(connection: Connection, installation: Installation, token: str) -> OpenReturn:
    """The return behind a link, in its own language where the person named none.

    Raises LinkUnknown, LinkEnded, and ReturnNotBegun for a personal link through which nothing was begun yet.
    """
    survey_id = installation.settings.survey_id
    try:
        found = find_return(connection, installation.vault, survey_id, token)
    except LinkUnknown:
        check_not_former(connection, survey_id, token)
        find_by_token(connection, survey_id, token)
        raise ReturnNotBegun(token) from None
    draft, round_ = found.draft, found.round
    questionnaire = load_questionnaire_of(connection, round_)
    shared = list_part_links(connection, installation.vault, draft) if found.is_shared else NOT_SHARED
    if not has_named_language():
        use_language(draft.language)
    standing = evaluate(questionnaire, draft.answers)
    return OpenReturn(token, draft, round_, questionnaire, standing, tell_time(), shared=shared)


def open_part(connection: Connection, installation: Installation, token: str) -> OpenReturn:
    """The part behind a part link, for views of part holders alone. Raises LinkUnknown and LinkEnded."""
    require_rule(PART_HOLDER)
    survey_id = installation.settings.survey_id
    part = find_part(connection, installation.vault, survey_id, token)
    round_ = find_round_by_id(connection, survey_id, part.draft.round_id)
    questionnaire = load_questionnaire_of(connection, round_)
    shared = list_part_links(connection, installation.vault, part.draft)
    if not has_named_language():
        use_language(part.draft.language)
    draft = narrow_part(part, questionnaire).draft
    standing = evaluate(questionnaire, draft.answers)
    return OpenReturn(token, draft, round_, questionnaire, standing, tell_time(), part.link, shared)


def write_private_link(token: str, home: str = OWN_ROUTES.home) -> str:
    """The whole address to come back by. A public installation names itself; on one's own machine the host that was
    asked for is the one that works, also from a phone beside it."""
    settings = find_installation().settings
    if settings.is_https:
        return settings.base_url + url_for(home, token=token)
    return url_for(home, token=token, _external=True)


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
    staff_entry: StaffEntry = "",
) -> Frame:
    """The frame of a page of this round."""
    language = find_language()
    return build_frame(
        language,
        site_name=round_.title.in_language(language),
        language_urls=find_language_urls(),
        owner=round_.operator_texts[OPERATOR].in_language(language) if OPERATOR in round_.operator_texts else "",
        contact=round_.operator_texts[CONTACT].in_language(language) if CONTACT in round_.operator_texts else "",
        home_url=home_url,
        switch_form=switch_form,
        round_kind=round_.kind,
        staff_entry=staff_entry,
    )


def frame_return(opened: OpenReturn, *, switch_form: str | None = None) -> Frame:
    """The frame of a page of this return."""
    return frame_round(
        opened.round,
        switch_form=switch_form,
        home_url=url_for(opened.routes.home, token=opened.token),
        staff_entry="" if opened.draft.mode == "web" else opened.draft.mode,
    )


def sign_return(installation: Installation, opened: OpenReturn) -> str:
    """The proof that the forms of this return carry."""
    return sign_draft(installation.settings, opened.proof_name)


def name_store(installation: Installation, opened: OpenReturn) -> str:
    """Under which name a browser keeps what was typed into this return and is not saved yet."""
    return name_browser_store(installation.settings, opened.proof_name)


def list_steps(opened: OpenReturn, current: Page | None) -> tuple[Step, ...]:
    """The sections on the way, or the pages of a part; `current` is None on the pages after the last question."""
    if opened.part is not None:
        return list_part_steps(opened, current)
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
                text=hold_together(section.label.filled(opened.round.operator_texts).in_language(language)),
                state="current" if is_current else "done" if is_done else "todo",
                page_name=pages[0].name if pages[0].name in reachable else "",
                url=find_page_url(opened, pages[0]) if current is None and pages[0].name in reachable else "",
            )
        )
    return tuple(steps)


def list_part_steps(opened: OpenReturn, current: Page | None) -> tuple[Step, ...]:
    """Every page of the part that is asked now; all of them can be gone to."""
    standing, language = opened.standing, find_language()
    return tuple(
        Step(
            text=page.label.filled(opened.round.operator_texts).in_language(language),
            state="current" if page is current else "done" if is_answered(standing, page) else "todo",
            page_name=page.name,
            url=find_page_url(opened, page) if current is None else "",
        )
        for page in opened.list_pages(standing)
    )


def is_answered(standing: Standing, page: Page) -> bool:
    """Whether somebody answered on this page and nothing that is needed is missing or wrong."""
    return not check_page(standing, page) and any(standing.answer(item.name) is not None for item in page.items)


def name_parts(opened: OpenReturn, link: PartLink) -> tuple[str, ...]:
    """What a part link opens, in words: sections, or single pages where a section was not handed on whole."""
    named = []
    for section, pages in list_handable(opened.questionnaire):
        if section.name in link.sections:
            named.append(section.label)
        else:
            named += [page.label for page in pages if page.name in link.sections]
    return tuple(label.filled(opened.round.operator_texts).in_language(find_language()) for label in named)


def name_pages_until(standing: Standing, page: Page | None) -> set[str]:
    """Names of the shown pages before `page`; of all where it is None."""
    names = [each.name for each in standing.pages]
    return set(names if page is None else names[: names.index(page.name)])


def find_page_url(opened: OpenReturn, page: Page | None, **query: Any) -> str:
    """The address of a page, or of what comes after the last one where there is none."""
    if page is None:
        return url_for(opened.routes.end, token=opened.token, **query)
    return url_for(opened.routes.questions, token=opened.token, page_name=page.name, **query)


def note_unsubmitted(opened: OpenReturn) -> tuple[Notice, ...]:
    """The band of a return that was submitted and then changed."""
    if opened.part is not None:
        return note_submitted_part(opened)
    if not opened.draft.has_unsubmitted_changes:
        return ()
    return (
        Notice(
            _("Your return was submitted. What you changed since then counts only when you submit it again."),
            tone="warning",
            title=_("You have changes that are not submitted"),
        ),
    )


def note_submitted_part(opened: OpenReturn) -> tuple[Notice, ...]:
    if opened.draft.state != "submitted":
        return ()
    return (
        Notice(
            _("What you change from now on is saved, but counts only when your colleague submits the return again."),
            tone="warning",
            title=_("Your company has submitted this return already"),
        ),
    )
