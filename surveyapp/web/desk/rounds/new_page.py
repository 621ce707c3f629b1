"""Preparing a new round, from nothing or from an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.retention import change_retention, move_dates
from surveyapp.fieldwork.rounds import (
    Round,
    RoundPlan,
    SlugTaken,
    SlugUnusable,
    find_round,
    list_rounds,
    list_versions,
    load_version,
    prepare_round,
)
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.rounds.pages import NewRoundPage
from surveyapp.web.desk.rounds.plan_form import build_plan_form
from surveyapp.web.desk.rounds.typed import INVITED_ONLY, Typed, read_plan, write_plan
from surveyapp.web.desk.rounds.wording import describe_refusal
from surveyapp.web.desk.surroundings import build_desk_frame, find_actor, find_words, name_round
from surveyapp.web.frame import Notice
from surveyapp.web.installation import find_installation

SOURCE = "from"  # in the address: slug of the round to take texts and thresholds from
NOT_COPIED = ("slug", "opens_at", "closes_at", "version", "text_title_ko", "text_title_en", "text_title_ja")


@allow(MANAGER)
def show_new_round() -> str:
    """A blank form, or with the texts of the round that the address names. Raises RoundUnknown."""
    return _render(None, request.args.get(SOURCE, ""))


def _show_again() -> str:
    notice = Notice(_("The form had become stale. Please check what you entered and send it again."), "warning")
    return _render(Typed(request.form), request.form.get(SOURCE, ""), notice)


@allow(MANAGER)
@show_again_with(_show_again)
def prepare_new_round() -> Response | tuple[str, int]:
    """Keep the round out of sight, and lead to its settings."""
    installation, typed, source = find_installation(), Typed(request.form), request.form.get(SOURCE, "")
    now = datetime.now(UTC)
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        questionnaire = load_version(connection, survey_id, typed.read("version"))
        copied = find_round(connection, survey_id, source) if source else None
    if questionnaire is None:
        typed.refuse("version", _("Choose one of the versions."))
    plan = None if questionnaire is None else read_plan(typed, tuple(questionnaire.placeholders))
    if plan is None:
        return _render(typed, source), 422
    try:
        with installation.database.write() as connection:
            prepared = prepare_round(
                connection,
                survey_id,
                plan,
                thresholds=LEAST_THRESHOLDS if copied is None else copied.thresholds,
                actor=find_actor(),
                now=now,
            )
            if copied is not None and (dates := move_dates(copied, prepared)):
                change_retention(connection, prepared, dates, seen=prepared.edition, actor=find_actor(), now=now)
    except (SlugTaken, SlugUnusable) as fault:
        typed.refuse("slug", describe_refusal(fault, find_words()))
        return _render(typed, source), 422
    return redirect(url_for("desk.show_settings", slug=prepared.slug, done="prepared"), 303)


def _render(typed: Typed | None, source: str, notice: Notice | None = None) -> str:
    installation, words = find_installation(), find_words()
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        rounds = list_rounds(connection, survey_id)
        versions = list_versions(connection, survey_id)
        copied = find_round(connection, survey_id, source) if source else None
        wanted = versions[0].version if versions and typed is None else "" if typed is None else typed.read("version")
        questionnaire = load_version(connection, survey_id, wanted) or load_builtin_questionnaire()
    if typed is None:
        typed = Typed({**_copy(copied), "version": wanted})
    page = NewRoundPage(
        frame=build_desk_frame(),
        form=build_plan_form(
            typed,
            questionnaire,
            versions,
            action=url_for("desk.prepare_new_round"),
            button=_("Prepare the round"),
            source=source,
        ),
        sources=tuple(FilterOption(each.slug, name_round(each, words), each.slug == source) for each in rounds),
        faults=tuple(typed.faults),
        notice=notice,
    )
    return render_template("desk/rounds/new.html", page=page)


def _copy(source: Round | None) -> dict[str, str]:
    """What a new round takes over: texts and who may take part, but for what belongs to the one round alone."""
    if source is None:
        return {"kind": "real", "open_link": INVITED_ONLY}
    values = write_plan(RoundPlan.of_round(source))
    values["kind"] = "trial" if source.kind == "trial" else "real"
    return {name: value for name, value in values.items() if name not in NOT_COPIED}
