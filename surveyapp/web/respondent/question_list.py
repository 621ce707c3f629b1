"""All questions to read or print before starting, as a page and as a PDF. Nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.consent import CONSENT_QUESTIONS
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.reports.pdf_files import load_pdf
from surveyapp.web.access import PUBLIC, allow
from surveyapp.web.file_names import name_sent_file
from surveyapp.web.frame import Frame
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language, show_time
from surveyapp.web.respondent.answer_words import write_minutes
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.condition_words import ConditionWords
from surveyapp.web.respondent.listing import ListedSection, list_sections
from surveyapp.web.respondent.open_return import frame_round, tell_time
from surveyapp.web.respondent.starting import load_round
from surveyapp.web.static_files import FOLDER

PDF_STYLES = FOLDER / "css" / "question_list_pdf.css"
PDF_FOLDER = ("caches", "question-lists")  # inside the instance folder


@dataclass(frozen=True, slots=True)
class QuestionListPage:
    """templates/respondent/question_list.html and question_list_pdf.html"""

    frame: Frame
    title: str
    round_title: str
    time_needed: str
    period: str
    who_sees: tuple[str, ...]
    how_it_goes: tuple[str, ...]
    sections: tuple[ListedSection, ...]
    start_url: str
    pdf_url: str


@respondent.get("/s/<slug>/questions")
@allow(PUBLIC)
def show_question_list(slug: str) -> str:
    """Every question of a round, before, while and after it is open."""
    round_, questionnaire = load_round(slug)
    return render_template(
        "respondent/question_list.html", page=build_page(round_, questionnaire, tell_state(round_, tell_time()))
    )


@respondent.get("/s/<slug>/questions.pdf")
@allow(PUBLIC)
def send_question_list(slug: str) -> Response:
    """The same as a file to print or to pass on."""
    round_, questionnaire = load_round(slug)
    html = render_template(
        "respondent/question_list_pdf.html", page=build_page(round_, questionnaire, tell_period(round_))
    )
    folder = find_installation().settings.instance.joinpath(*PDF_FOLDER)
    content = load_pdf(folder, html, PDF_STYLES.read_text(encoding="utf-8"), files=FOLDER)
    response = Response(content, mimetype="application/pdf")
    name = f"{round_.survey_id}_{round_.slug}_questions_{find_language()}.pdf"
    return name_sent_file(response, name, is_shown=True)


def build_page(round_: Round, questionnaire: Questionnaire, period: str) -> QuestionListPage:
    language = find_language()
    is_startable = round_.open_link and round_.state(tell_time()) == "open"
    return QuestionListPage(
        frame=frame_round(round_),
        title=questionnaire.title.filled(round_.operator_texts).in_language(language),
        round_title=round_.title.in_language(language),
        time_needed=write_minutes(questionnaire.estimated_minutes),
        period=period,
        who_sees=tell_who_sees(questionnaire, round_),
        how_it_goes=tell_how_it_goes(),
        sections=list_sections(questionnaire, round_.operator_texts, language),
        start_url=url_for("respondent.show_start", slug=round_.slug) if is_startable else "",
        pdf_url=url_for("respondent.send_question_list", slug=round_.slug, lang=language),
    )


def tell_state(round_: Round, now: datetime) -> str:
    """Until when the round is open, or since when it is not."""
    words: str = {
        "not_yet_open": lambda: _("Opens on %(time)s", time=show_time(round_.opens_at)),
        "open": lambda: _("Open until %(time)s", time=show_time(round_.closes_at)),
        "closed": lambda: _("Closed on %(time)s", time=show_time(round_.closes_at)),
    }[round_.state(now)]()
    return words


def tell_period(round_: Round) -> str:
    """Both ends of the round: what is printed does not change by itself."""
    words: str = _(
        "Open from %(first)s to %(last)s", first=show_time(round_.opens_at), last=show_time(round_.closes_at)
    )
    return words


def tell_who_sees(questionnaire: Questionnaire, round_: Round) -> tuple[str, ...]:
    """Who gets to see which part of the answers; the consent notice in the list has it in full."""
    asked = [question for question in questionnaire.questions_in("answers") if question.name in CONSENT_QUESTIONS]
    words = [_("Staff of the association read your answers. Each time written answers are read is recorded.")]
    if asked:
        where = ConditionWords(questionnaire, round_.operator_texts, find_language()).refer(asked)
        words.append(
            _(
                "The ministry (MFDS) receives figures, and of single cases only what you permit in %(questions)s.",
                questions=where,
            )
        )
    else:
        words.append(_("The ministry (MFDS) receives figures."))
    words.append(_("Japan and the public never receive a company's name."))
    if any(questionnaire.questions_in("contact")):
        words.append(
            _("Contact details are kept apart from your answers, encrypted, and are part of no file of answers.")
        )
    return tuple(words)


def tell_how_it_goes() -> tuple[str, ...]:
    """How to stop, come back, change and withdraw."""
    return (
        _(
            "There is no account. As soon as you agree and continue, you have a private link that leads back to your "
            "answers on any device until the round closes."
        ),
        _(
            "Each page is saved when you go on, so you can stop at any time. Colleagues who have the link answer "
            "on the same return."
        ),
        _(
            "Before submitting you see all answers once more. You can change them until the round closes, and withdraw "
            "at any time; everything is then erased."
        ),
    )
