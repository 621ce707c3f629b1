"""The form of a round in preparation, made of what is saved or of what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from surveyapp.fieldwork.rounds import Version
from surveyapp.questionnaire.model import LANGUAGES, Questionnaire, Text
from surveyapp.reports.words import Words
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.rounds.pages import LanguageRow, PlanForm, TypedField
from surveyapp.web.desk.rounds.typed import INVITED_ONLY, KINDS, OPEN_LINK, Typed, name_field
from surveyapp.web.desk.rounds.wording import explain_placeholder, list_places, name_placeholder
from surveyapp.web.desk.surroundings import find_words
from surveyapp.web.frame import LANGUAGE_NAMES

SAMPLE_TITLE = Text(
    ko="2027년 일본 진출 준비도·애로사항 조사",
    en="Survey on readiness and challenges in Japan 2027",
    ja="2027年 日本進出の準備状況・課題に関する調査",
)


def build_plan_form(
    typed: Typed,
    questionnaire: Questionnaire,
    versions: Sequence[Version],
    *,
    action: str,
    button: str,
    edition: str = "",
    source: str = "",
) -> PlanForm:
    """Every field with its value, its fault and the sample that shows what is meant."""
    words = find_words()

    def field(name: str, label: str) -> TypedField:
        return TypedField(name, label, typed.read(name), typed.find_fault(name))

    return PlanForm(
        action=action,
        csrf_token=generate_csrf(),
        edition=edition,
        source=source,
        title=_build_row(typed, "title", _("Title"), SAMPLE_TITLE),
        slug=field("slug", _("Short name in the address")),
        address=f"{url_for('respondent.show_landing', _external=True)}s/",
        opens=field("opens_at", _("Opens")),
        closes=field("closes_at", _("Closes")),
        kinds=_choose(typed.read("kind"), _name_kinds(words)),
        versions=tuple(
            FilterOption(
                each.version,
                _("%(version)s (registered on %(day)s)", version=each.version, day=words.day(each.registered_at)),
                each.version == typed.read("version"),
            )
            for each in versions
        ),
        links=_choose(typed.read("open_link"), _name_links()),
        texts=tuple(
            _build_row(
                typed,
                name,
                name_placeholder(name),
                sample,
                explanation=explain_placeholder(name),
                places=list_places(questionnaire, name, words),
            )
            for name, sample in questionnaire.placeholders.items()
        ),
        button=button,
        faults=tuple(typed.faults),
    )


def _build_row(
    typed: Typed,
    name: str,
    title: str,
    sample: Text,
    *,
    explanation: str = "",
    places: tuple[str, ...] = (),
) -> LanguageRow:
    return LanguageRow(
        name=name,
        title=title,
        explanation=explanation,
        places=places,
        fields=tuple(
            TypedField(
                name=name_field(name, language),
                label=LANGUAGE_NAMES[language],
                value=typed.read(name_field(name, language)),
                fault=typed.find_fault(name_field(name, language)),
                sample=sample.in_language(language).strip("[]［］"),
                language=language,
            )
            for language in LANGUAGES
        ),
        is_long=name != "title",
    )


def _choose(chosen: str, options: Mapping[str, str]) -> tuple[FilterOption, ...]:
    return tuple(FilterOption(value, text, value == chosen) for value, text in options.items())


def _name_kinds(words: Words) -> dict[str, str]:
    named = {
        "real": words.gettext("Real round"),
        "trial": words.gettext("Trial round: every page says so, and nothing of it counts"),
    }
    return {kind: named[kind] for kind in KINDS}


def _name_links() -> dict[str, str]:
    return {
        INVITED_ONLY: _("Invited companies alone, each by its personal link; one return a company counts"),
        OPEN_LINK: _("Whoever has the address (open link); every return counts"),
    }
