"""The company's own readiness after submitting, as a page and as a PDF. Nothing of it is stored."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from surveyapp.analysis.company_readiness import CompanyReadiness, compare_readiness, read_readiness
from surveyapp.fieldwork.earlier_returns import find_earlier_return
from surveyapp.fieldwork.submitted_answers import load_counted_answers
from surveyapp.locale import load_translator
from surveyapp.questionnaire.paths import find_resume_page
from surveyapp.records.database import Connection
from surveyapp.reports.company_readiness import CompanyReport, report_company
from surveyapp.reports.pdf_files import write_private_pdf
from surveyapp.reports.readiness_explanations import EarlierReadiness
from surveyapp.reports.words import Words
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.file_names import name_sent_file
from surveyapp.web.frame import Frame, Notice
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.consents import list_files_of
from surveyapp.web.respondent.ended_links import render_closed, render_withdrawn
from surveyapp.web.respondent.finishing import list_receipt_facts
from surveyapp.web.respondent.frozen_band import find_peers, tell_frozen
from surveyapp.web.respondent.open_return import (
    OpenReturn,
    find_page_url,
    frame_return,
    note_unsubmitted,
    open_return,
)
from surveyapp.web.respondent.pages import Fact
from surveyapp.web.respondent.showing import NOTICE_FIELD, REPORT_LATER
from surveyapp.web.shown_text import hold_together
from surveyapp.web.static_files import FOLDER

PDF_STYLES = FOLDER / "css" / "readiness_pdf.css"


@dataclass(frozen=True, slots=True)
class ReadinessPage:
    """templates/respondent/readiness.html and readiness_pdf.html"""

    frame: Frame
    notices: tuple[Notice, ...]
    facts: tuple[Fact, ...]
    report: CompanyReport
    pdf_url: str
    receipt_url: str


Reply = Response | str | tuple[str, int]


@respondent.get("/r/<token>/readiness")
@allow(LINK_HOLDER)
def show_company_readiness(token: str) -> Reply:
    """The report of a submitted return; before that on with the return, after a withdrawal what became of it."""
    page = build_page(token)
    return render_template("respondent/readiness.html", page=page) if isinstance(page, ReadinessPage) else page


@respondent.get("/r/<token>/readiness.pdf")
@allow(LINK_HOLDER)
def send_company_readiness(token: str) -> Reply:
    """The same as a file to pass on inside the company."""
    page = build_page(token)
    if not isinstance(page, ReadinessPage):
        return page
    html = render_template("respondent/readiness_pdf.html", page=page)
    content = write_private_pdf(html, PDF_STYLES.read_text(encoding="utf-8"), files=FOLDER)
    response = Response(content, mimetype="application/pdf")
    name = f"readiness_{find_language()}.pdf"
    return name_sent_file(response, name, is_shown=True)


def build_page(token: str) -> ReadinessPage | Response | tuple[str, int]:
    """The report, or the reply where there is none."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
        if opened.draft.state != "submitted":
            return lead_elsewhere(connection, opened)
        readiness = read_readiness(opened.questionnaire, load_counted_answers(connection, opened.draft))
        peers = find_peers(connection, opened)
        earlier = find_earlier(connection, opened, readiness)
    words = Words(find_language(), load_translator(find_language()), hold_together)
    return ReadinessPage(
        frame=frame_return(opened),
        notices=note_unsubmitted(opened),
        facts=list_receipt_facts(opened),
        report=report_company(readiness, peers, earlier, words),
        pdf_url=url_for("respondent.send_company_readiness", token=token, lang=find_language()),
        receipt_url=url_for("respondent.show_receipt", token=token),
    )


def lead_elsewhere(connection: Connection, opened: OpenReturn) -> Response | tuple[str, int]:
    """What a return that is not submitted has in the place of a report."""
    if opened.is_withdrawn:
        return render_withdrawn(opened, list_files_of(connection, opened), tell_frozen(connection, opened)), 410
    if not opened.is_open:
        return render_closed(opened), 403
    page = find_resume_page(opened.standing)
    return redirect(find_page_url(opened, page, **{NOTICE_FIELD: REPORT_LATER}), 303)


def find_earlier(connection: Connection, opened: OpenReturn, readiness: CompanyReadiness) -> EarlierReadiness | None:
    """The company's earlier round, where anything of it can be compared."""
    found = find_earlier_return(connection, opened.draft, opened.round)
    if found is None:
        return None
    then = read_readiness(found.questionnaire, found.answers)
    comparison = compare_readiness(opened.questionnaire, readiness.result, found.questionnaire, then.result)
    return EarlierReadiness(found.round.title, comparison) if comparison.dimensions else None
