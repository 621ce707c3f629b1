"""The form in which the words of a mailing are written, with what is wrong with them and how they look."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from surveyapp.fieldwork.mail.mailings import Mailing
from surveyapp.fieldwork.mail.standings import PROGRESSES
from surveyapp.fieldwork.mail.templates import NEEDED, PLACEHOLDERS, TemplateFault, find_template_faults
from surveyapp.questionnaire.model import LANGUAGES
from surveyapp.reports.words import Words
from surveyapp.web.desk.mailings.ground import Ground, find_office, tell_fictional, tell_no_server
from surveyapp.web.desk.mailings.pages import EditorPage, LanguageWords, PlaceholderLine, Preview
from surveyapp.web.desk.mailings.words import describe_fault, name_fault_place, name_kind, name_progress
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import LANGUAGE_NAMES, Notice, SummaryFault
from surveyapp.web.headers import permit_own_frames
from surveyapp.web.locale import find_language


def render_editor(
    ground: Ground, found: Mailing, preview: Preview | None, notice: Notice | None, *, tells_faults: bool
) -> str:
    """`tells_faults` where somebody pressed a button; otherwise faults wait until then."""
    words = ground.words
    faults = find_template_faults(found.kind, found.templates) if tells_faults else ()
    chooses_nobody = found.kind == "reminder" and not found.progresses
    summary = [
        SummaryFault(describe_fault(words, fault), f"#{fault.part}-{fault.language}", name_fault_place(words, fault))
        for fault in faults
    ]
    if tells_faults and chooses_nobody:
        summary.append(SummaryFault(_("Choose at least one group of companies."), "#progress"))
    if preview is not None:
        permit_own_frames()
    can_test = find_office(ground.installation).server is not None and ground.round.kind != "sample"
    page = EditorPage(
        frame=ground.frame,
        head=ground.head,
        heading=name_kind(words, found.kind),
        notices=(
            *((notice,) if notice is not None else ()),
            *tell_no_server(ground.installation),
            *tell_fictional(ground.round),
        ),
        faults=tuple(summary),
        action=url_for("desk.save_mailing", slug=ground.round.slug, mailing_id=found.mailing_id),
        csrf_token=generate_csrf(),
        languages=tuple(_write_language(words, found, language, faults) for language in LANGUAGES),
        placeholders=_list_placeholders(words, found),
        progresses=_list_progresses(words, found),
        test_address=find_actor() if can_test else "",
        test_languages=tuple(
            FilterOption(language, name, language == (preview.language if preview is not None else find_language()))
            for language, name in LANGUAGE_NAMES.items()
        ),
        preview=preview,
        sections=ground.sections,
    )
    return render_template("desk/mailings/editor.html", page=page)


def _write_language(words: Words, found: Mailing, language: str, faults: tuple[TemplateFault, ...]) -> LanguageWords:
    own = [fault for fault in faults if fault.language == language]
    known = next(each for each in LANGUAGES if each == language)
    return LanguageWords(
        language=known,
        name=LANGUAGE_NAMES[known],
        subject=found.templates[known].subject,
        body=found.templates[known].body,
        subject_faults=tuple(describe_fault(words, fault) for fault in own if fault.part == "subject"),
        body_faults=tuple(describe_fault(words, fault) for fault in own if fault.part == "body"),
    )


def _list_progresses(words: Words, found: Mailing) -> tuple[FilterOption, ...]:
    if found.kind != "reminder":
        return ()
    return tuple(FilterOption(each, name_progress(words, each), each in found.progresses) for each in PROGRESSES)


def _list_placeholders(words: Words, found: Mailing) -> tuple[PlaceholderLine, ...]:
    meanings = _name_placeholders(words)
    return tuple(
        PlaceholderLine("{{" + name + "}}", meanings[name], name == NEEDED[found.kind])
        for name in PLACEHOLDERS[found.kind]
    )


def _name_placeholders(words: Words) -> Mapping[str, str]:
    return {
        "link": words.gettext("the company's private link; alone on a line it becomes a button"),
        "company": words.gettext("the company's name in the language of the mail"),
        "person": words.gettext("the contact's name"),
        "round": words.gettext("title of the round"),
        "closes": words.gettext("closing time, with the time zone"),
        "contact": words.gettext("whom to turn to, as given for the round"),
        "operator": words.gettext("name of the organiser, as given for the round"),
    }
