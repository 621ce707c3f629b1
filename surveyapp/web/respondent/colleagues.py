"""For whoever holds a return: hand parts to colleagues by link, see how far they are, end links."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from surveyapp.fieldwork.part_links import (
    LABEL_LENGTH,
    MOST_LINKS,
    PartLink,
    PartProblem,
    PartRefused,
    end_part_link,
    list_handable,
    make_part_link,
)
from surveyapp.questionnaire.model import Group, Page, Text
from surveyapp.questionnaire.paths import check_page
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.csrf import (
    FIELD,
    TICKET_FIELD,
    ProofFault,
    check_draft,
    issue_link_ticket,
    read_link_ticket,
)
from surveyapp.web.frame import Notice, SummaryFault
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.locale import find_language, show_number, show_time
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.open_return import (
    PART_ROUTES,
    OpenReturn,
    frame_return,
    is_answered,
    name_parts,
    open_return,
    sign_return,
    write_private_link,
)
from surveyapp.web.respondent.pages import (
    ColleaguesPage,
    MadeLink,
    PartChoice,
    PartLine,
)
from surveyapp.web.respondent.showing import NOTICE_FIELD, explain_stale_form, note_cleared

SECTION_FIELD = "section"
LABEL_FIELD = "label"
LINK_FIELD = "link"
ENDED = "ended"
LABEL_ID = "part-label"


@respondent.get("/r/<token>/colleagues")
@allow(LINK_HOLDER)
def show_colleagues(token: str) -> Response | str:
    """Which parts were handed on, how far they are, and a form to hand on another."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
    if not opened.is_open:
        return redirect(url_for("respondent.resume", token=token), 303)
    return render_colleagues(installation, opened)


@respondent.post("/r/<token>/colleagues")
@allow(LINK_HOLDER)
def hand_part(token: str) -> Response | tuple[str, int]:
    """Make a link to a part and show it this once; sent twice it is the same link."""
    installation = find_installation()
    with installation.database.write() as connection:
        opened = open_return(connection, installation, token)
        if not opened.is_open:
            return redirect(url_for("respondent.resume", token=token), 303)
        try:
            check_draft(installation.settings, opened.proof_name, request.form.get(FIELD))
            part_token = read_link_ticket(
                installation.settings, "part", opened.draft.draft_id, request.form.get(TICKET_FIELD)
            )
        except ProofFault:
            return render_colleagues(installation, opened, notice=explain_stale_form()), 400
        try:
            made = make_part_link(
                connection,
                installation.vault,
                opened.draft,
                opened.questionnaire,
                token=part_token,
                sections=request.form.getlist(SECTION_FIELD),
                label=request.form.get(LABEL_FIELD, ""),
                now=opened.opened_at,
            )
        except PartRefused as refused:
            return render_colleagues(installation, opened, problem=refused.problem), 422
        opened = open_return(connection, installation, token)
    link = MadeLink(made.label, write_private_link(part_token, PART_ROUTES.home))
    return render_colleagues(installation, opened, made=link), 200


@respondent.post("/r/<token>/colleagues/end")
@allow(LINK_HOLDER)
def end_part(token: str) -> Response | tuple[str, int]:
    """End one part link; what was answered through it stays."""
    installation = find_installation()
    with installation.database.write() as connection:
        opened = open_return(connection, installation, token)
        if opened.is_withdrawn:
            return redirect(url_for("respondent.resume", token=token), 303)
        try:
            check_draft(installation.settings, opened.proof_name, request.form.get(FIELD))
        except ProofFault:
            return render_colleagues(installation, opened, notice=explain_stale_form()), 400
        end_part_link(connection, opened.draft, request.form.get(LINK_FIELD, ""), now=opened.opened_at)
    query: dict[str, Any] = {NOTICE_FIELD: ENDED}
    return redirect(url_for("respondent.show_colleagues", token=token, **query), 303)


def render_colleagues(
    installation: Installation,
    opened: OpenReturn,
    *,
    made: MadeLink | None = None,
    problem: PartProblem | None = None,
    notice: Notice | None = None,
) -> str:
    is_typed = notice is not None or problem is not None
    ticked = frozenset(request.form.getlist(SECTION_FIELD)) if is_typed else frozenset()
    choices = ColleagueWords(opened).list_choices(ticked)
    section_fault, label_fault = explain_problem(problem)
    faults = []
    if section_fault:
        faults.append(SummaryFault(section_fault, f"#{choices[0].id}"))
    if label_fault:
        faults.append(SummaryFault(label_fault, f"#{LABEL_ID}"))
    page = ColleaguesPage(
        frame=frame_return(opened),
        notices=tuple(each for each in (notice, *list_colleague_notices(opened, problem)) if each is not None),
        faults=tuple(faults),
        made=made,
        parts=tuple(ColleagueWords(opened).write_line(link) for link in opened.shared.links),
        choices=choices,
        section_fault=section_fault,
        label=request.form.get(LABEL_FIELD, "") if is_typed else "",
        label_fault=label_fault,
        label_length=LABEL_LENGTH,
        action=url_for("respondent.hand_part", token=opened.token),
        end_action=url_for("respondent.end_part", token=opened.token),
        csrf_token=sign_return(installation, opened),
        ticket=issue_link_ticket(installation.settings, "part", opened.draft.draft_id),
        replace_url=url_for("respondent.show_replacement", token=opened.token),
        continue_url=url_for("respondent.resume", token=opened.token),
    )
    return render_template("respondent/colleagues.html", page=page)


def explain_problem(problem: PartProblem | None) -> tuple[str, str]:
    """What is wrong with the ticked parts, and with the name."""
    sections, label = "", ""
    if problem == "sections":
        sections = _("Tick at least one part.")
    elif problem == "label":
        label = _("Enter who gets the link, such as the department.")
    elif problem == "label_length":
        label = _("Shorten the name to at most %(limit)s characters.", limit=show_number(LABEL_LENGTH))
    return sections, label


def list_colleague_notices(opened: OpenReturn, problem: PartProblem | None) -> tuple[Notice, ...]:
    notices: list[Notice] = []
    if problem == "many":
        words = _(
            "A return can have at most %(limit)s links to parts, ended ones included.", limit=show_number(MOST_LINKS)
        )
        notices.append(Notice(words, tone="error", title=_("No further link can be made")))
    if request.args.get(NOTICE_FIELD) == ENDED:
        words = _("It opens nothing any more. What was answered through it is kept.")
        notices.append(Notice(words, tone="success", title=_("The link was ended")))
    if opened.draft.state == "submitted":
        words = _("What you or your colleagues change from now on counts only when you submit the return again.")
        notices.append(Notice(words, tone="warning", title=_("Your return was submitted")))
    return (*notices, *note_cleared(opened))


class ColleagueWords:
    """Writes the parts of one return in the person's language."""

    def __init__(self, opened: OpenReturn) -> None:
        self.opened = opened
        self.handable = list_handable(opened.questionnaire)

    def write(self, text: Text) -> str:
        return text.filled(self.opened.round.operator_texts).in_language(find_language())

    def list_choices(self, ticked: frozenset[str]) -> tuple[PartChoice, ...]:
        """The sections that can be handed on, with their pages where there are several."""
        return tuple(self._build_choice(section, pages, ticked) for section, pages in self.handable)

    def _build_choice(self, section: Group, pages: tuple[Page, ...], ticked: frozenset[str]) -> PartChoice:
        all_pages = [page for page in self.opened.questionnaire.pages if page.section.name == section.name]
        kept = [page for page in all_pages if page not in pages]
        single = pages if len(pages) > 1 else ()
        return PartChoice(
            id=f"part-{section.name}",
            value=section.name,
            label=self.write(section.label),
            is_ticked=section.name in ticked,
            remark=_("without the page %(page)s, which stays with you", page=self.write(kept[0].label)) if kept else "",
            pages=tuple(
                PartChoice(f"part-page-{page.name}", page.name, self.write(page.label), page.name in ticked)
                for page in single
            ),
            is_opened=any(page.name in ticked for page in single),
        )

    def write_line(self, link: PartLink) -> PartLine:
        return PartLine(
            label=link.label,
            sections=name_parts(self.opened, link),
            progress=self._tell_progress(link),
            presence=self._tell_presence(link),
            ended=_("Ended on %(time)s", time=show_time(link.ended_at)) if link.ended_at is not None else "",
            link_id=link.link_id,
        )

    def _tell_progress(self, link: PartLink) -> str:
        standing = self.opened.standing
        pages = [page for page in standing.pages if link.covers(page)]
        words: str = _("Nothing is asked in this part at the moment.")
        if pages:
            answered = sum(is_answered(standing, page) for page in pages)
            words = ngettext(
                "%(answered)s of %(num)s page answered.",
                "%(answered)s of %(num)s pages answered.",
                len(pages),
                answered=answered,
            )
            if not any(check_page(standing, page) for page in pages):
                words = _("%(words)s Nothing that is needed is missing.", words=words)
        return words

    def _tell_presence(self, link: PartLink) -> str:
        page = self.opened.questionnaire.page_by_name.get(link.page)
        words: str = _("Not opened yet.")
        if link.seen_at is not None and page is not None:
            title, at = self.write(page.label), show_time(link.seen_at)
            words = _("Last seen on the page “%(page)s”, %(time)s", page=title, time=at)
        return words
