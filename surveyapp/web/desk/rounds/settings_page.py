"""A round's settings: its texts and times while it is prepared, what can be done with it, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from surveyapp.fieldwork.rounds import (
    Round,
    RoundPlan,
    find_obstacles,
    find_round,
    list_rounds,
    list_versions,
    load_questionnaire_of,
)
from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.reports.cards import Fact
from surveyapp.reports.csv_export import name_round_kind
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.desk.rounds.deed_forms import list_danger, list_deeds
from surveyapp.web.desk.rounds.pages import Difference, SettingsPage
from surveyapp.web.desk.rounds.plan_form import build_plan_form
from surveyapp.web.desk.rounds.previews import build_previews
from surveyapp.web.desk.rounds.threshold_form import build_threshold_form
from surveyapp.web.desk.rounds.timeline import list_changes
from surveyapp.web.desk.rounds.typed import Typed, list_differences, write_plan
from surveyapp.web.desk.rounds.wording import describe_obstacle, explain_state, name_fields, name_placeholder
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.frame import LANGUAGE_NAMES, Link, Notice
from surveyapp.web.installation import find_installation

PLAN, THRESHOLDS = "plan", "thresholds"  # names of the two long forms; the others are called by their deed


@dataclass(frozen=True, slots=True)
class Answered:
    """What a reply shows besides what is saved: the form that was sent, as typed, and what became of it."""

    form: str = ""
    typed: Typed | None = None
    notice: Notice | None = None
    has_changed: bool = False  # somebody else changed the round meanwhile

    def typed_into(self, form: str) -> Typed | None:
        return self.typed if form == self.form else None


@allow(MANAGER)
def show_settings(slug: str) -> str:
    return render_settings(slug, Answered(notice=_tell_done(request.args.get("done", ""))))


def render_settings(slug: str, answered: Answered) -> str:
    """The page as the round stands now. Raises RoundUnknown."""
    installation, now, words = find_installation(), datetime.now(UTC), find_words()
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        rounds = list_rounds(connection, survey_id)
        versions = list_versions(connection, survey_id)
        questionnaire = load_questionnaire_of(connection, survey_round)
        timeline = list_changes(connection, survey_round, words)
    is_prepared = survey_round.scheduled_at is None
    state = survey_round.state(now)
    obstacles = find_obstacles(survey_round, questionnaire, now) if is_prepared else ()
    typed = answered.typed
    danger = list_danger(survey_round, state, answered.typed_into)
    page = SettingsPage(
        frame=build_desk_frame(survey_round),
        head=build_round_head(survey_round, rounds),
        csrf_token=generate_csrf(),
        edition=survey_round.edition,
        faults=() if typed is None else tuple(typed.faults),
        notice=answered.notice,
        differences=_list_differences(survey_round, questionnaire, answered),
        discard_url=url_for("desk.show_settings", slug=slug),
        state=explain_state(survey_round, state),
        obstacles=tuple(describe_obstacle(each, words) for each in obstacles),
        deeds=list_deeds(survey_round, state, obstacles, answered.typed_into),
        form=build_plan_form(
            answered.typed_into(PLAN) or Typed(write_plan(RoundPlan.of_round(survey_round))),
            questionnaire,
            versions,
            action=url_for("desk.save_plan", slug=slug),
            button=_("Save"),
            edition=survey_round.edition,
        )
        if is_prepared
        else None,
        facts=() if is_prepared else _list_facts(survey_round, questionnaire),
        previews=build_previews(questionnaire, survey_round.operator_texts, words),
        thresholds=build_threshold_form(survey_round.thresholds, answered.typed_into(THRESHOLDS)),
        thresholds_action=url_for("desk.save_thresholds", slug=slug),
        danger=danger,
        timeline=timeline,
        contents=_list_contents(has_danger=bool(danger)),
    )
    return render_template("desk/rounds/settings.html", page=page)


def _tell_done(deed: str) -> Notice | None:
    told = {
        "prepared": _("The round was prepared. Nobody outside the desk can see it yet."),
        "saved": _("Saved."),
        "scheduled": _("The round is scheduled: it opens and closes by itself."),
        "opened": _("The round is open."),
        "unscheduled": _("The round is in preparation again. Nobody outside the desk can see it."),
        "extended": _("The round was extended."),
        "closed": _("The round is closed."),
        "reopened": _("The round is open again."),
        "link": _("The open link was switched."),
        "thresholds": _("The thresholds were saved. They hold for every figure that is released from now on."),
    }.get(deed)
    return Notice(told, "success") if told else None


def _list_differences(saved: Round, questionnaire: Questionnaire, answered: Answered) -> tuple[Difference, ...]:
    """What two people wrote into the same fields, once the second of them was told."""
    typed = answered.typed_into(PLAN)
    if typed is None or not answered.has_changed:
        return ()
    labels, theirs = name_fields(questionnaire), write_plan(RoundPlan.of_round(saved))
    return tuple(
        Difference(labels.get(name, name), theirs[name] or _("(blank)"), typed.read(name).strip() or _("(blank)"))
        for name in list_differences(typed.values, saved)
    )


def _list_facts(survey_round: Round, questionnaire: Questionnaire) -> tuple[Fact, ...]:
    """What can no longer be changed, since companies have read it or will."""
    words = find_words()
    facts = [
        Fact(_("Kind of round"), name_round_kind(words, survey_round)),
        Fact(_("Address"), url_for("respondent.show_start", slug=survey_round.slug, _external=True)),
        Fact(_("Questionnaire version"), survey_round.questionnaire_version),
        Fact(_("Opens"), words.time(survey_round.opens_at)),
        Fact(_("Closes"), words.time(survey_round.closes_at)),
        Fact(_("Open link"), _("On") if survey_round.open_link else _("Off: invited companies alone")),
    ]
    texts = {"title": survey_round.title, **survey_round.operator_texts}
    for name in ("title", *questionnaire.placeholders):
        label = _("Title") if name == "title" else name_placeholder(name)
        for language in LANGUAGES:
            if name in texts:
                facts.append(Fact(f"{label} ({LANGUAGE_NAMES[language]})", texts[name].in_language(language)))
    return tuple(facts)


def _list_contents(*, has_danger: bool) -> tuple[Link, ...]:
    links = [
        Link("#state", _("State")),
        Link("#plan", _("Wording and times")),
        Link("#preview", _("Preview")),
        Link("#thresholds", _("Thresholds")),
        Link("#timeline", _("What happened")),
    ]
    if has_danger:
        links.insert(4, Link("#danger", _("Closing and reopening")))
    return tuple(links)
