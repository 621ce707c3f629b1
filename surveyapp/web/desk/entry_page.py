"""A return that staff type for a company: how it came, the consent, then the form itself by its private link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.names import choose_name, find_name_language
from surveyapp.fieldwork.invitations.inviting import InvitationUnknown
from surveyapp.fieldwork.invitations.listing import list_invitations
from surveyapp.fieldwork.modes import STAFF_MODES, StaffMode
from surveyapp.fieldwork.rounds import Round, find_round, list_rounds, load_questionnaire_of
from surveyapp.fieldwork.staff_entry import (
    CompanyHasBegun,
    StaffReturn,
    TakenConsent,
    list_staff_returns,
    start_staff_return,
)
from surveyapp.questionnaire.model import Language, Questionnaire
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import TICKET_FIELD, ProofFault, issue_start_ticket, read_start_ticket, show_again_with
from surveyapp.web.desk.pages import EntryLine, EntryPage, FilterOption, NamedOption
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor, find_words
from surveyapp.web.frame import LANGUAGE_NAMES, Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import ZONE, find_language, read_language, show_time

MOST_NAME = 120  # characters of who took the consent


@dataclass(frozen=True, slots=True)
class EntryForm:
    """What was typed, and what is wrong with it."""

    mode: StaffMode | None
    language: Language | None
    consent: TakenConsent | None
    faults: tuple[SummaryFault, ...]


@allow(MANAGER)
def show_entry(slug: str) -> str:
    return _show_entry(slug)


def _show_entry_again(slug: str) -> str:
    notice = Notice(_("The form had become stale. Please check what you entered and send it again."), "warning")
    return _show_entry(slug, notice=notice)


@allow(MANAGER)
@show_again_with(_show_entry_again)
def start_entry(slug: str) -> Response | tuple[str, int]:
    """Begin the return and go on in the form. The same page sent twice is one return."""
    installation = find_installation()
    now = datetime.now(UTC)
    form = read_form(now)
    try:
        token = read_start_ticket(installation.settings, slug, request.form.get(TICKET_FIELD))
    except ProofFault:
        return _show_entry_again(slug), 400
    if form.mode is None or form.language is None or form.consent is None or form.faults:
        return _show_entry(slug, faults=form.faults), 422
    try:
        questionnaire = _begin(slug, token, form.mode, form.language, form.consent, now)
    except (CompanyHasBegun, InvitationUnknown):
        told = _("This company has a return already, or is no longer invited. Choose another one.")
        return _show_entry(slug, faults=(SummaryFault(told, "#invitation", name="invitation"),)), 422
    first = questionnaire.pages[0].name
    return redirect(url_for("respondent.show_questions", token=token, page_name=first, lang=form.language), 303)


def _begin(
    slug: str, token: str, mode: StaffMode, language: Language, consent: TakenConsent, now: datetime
) -> Questionnaire:
    installation = find_installation()
    with installation.database.write() as connection:
        survey_round = find_round(connection, installation.settings.survey_id, slug)
        questionnaire = load_questionnaire_of(connection, survey_round)
        start_staff_return(
            connection,
            installation.vault,
            survey_round,
            questionnaire,
            token=token,
            mode=mode,
            language=language,
            consent=consent,
            actor=find_actor(),
            now=now,
            invitation_id=request.form.get("invitation") or None,
        )
    return questionnaire


def read_form(now: datetime) -> EntryForm:
    """What was posted. Consent is a day that has come, somebody who heard it, and a tick that it was given."""
    posted = request.form
    faults = []

    def refuse(name: str, text: str) -> None:
        faults.append(SummaryFault(text, f"#{name}", name=name))

    mode = posted.get("mode")
    if mode not in STAFF_MODES:
        refuse("mode", _("Choose how the company gave its answers."))
    language = read_language(posted.get("language"))
    if language is None:
        refuse("language", _("Choose the language of the return."))
    day = _read_day(posted.get("consent_on", ""))
    if day is None:
        refuse("consent_on", _("Enter the day on which the company agreed, as year-month-day."))
    elif day > now.astimezone(ZONE).date():
        refuse("consent_on", _("The day of consent lies in the future."))
    by = " ".join(posted.get("consent_by", "").split())
    if not 1 <= len(by) <= MOST_NAME or not by.isprintable():
        refuse("consent_by", _("Enter who took the consent, in at most %(num)s characters.", num=MOST_NAME))
    if posted.get("confirmed") != "yes":
        refuse("confirmed", _("Without the company's consent nothing may be entered. Confirm that it was given."))
    return EntryForm(
        mode=mode if mode in STAFF_MODES else None,
        language=language,
        consent=TakenConsent(day, by) if day is not None else None,
        faults=tuple(faults),
    )


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _show_entry(slug: str, *, faults: tuple[SummaryFault, ...] = (), notice: Notice | None = None) -> str:
    installation = find_installation()
    survey_id, now = installation.settings.survey_id, datetime.now(UTC)
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        rounds = list_rounds(connection, survey_id)
        returns = list_staff_returns(connection, survey_round)
        invited = list_invitations(connection, survey_round)
    words, posted = find_words(), request.form
    modes = name_modes(words)
    chosen_language = read_language(posted.get("language")) or find_language()
    page = EntryPage(
        frame=build_desk_frame(survey_round),
        head=build_round_head(survey_round, rounds),
        closed=_tell_closed(survey_round, now),
        csrf_token=generate_csrf(),
        ticket=_keep_ticket(slug),
        action=url_for("desk.start_entry", slug=slug),
        modes=tuple(FilterOption(mode, modes[mode], mode == posted.get("mode")) for mode in STAFF_MODES),
        languages=tuple(
            FilterOption(language, name, language == chosen_language) for language, name in LANGUAGE_NAMES.items()
        ),
        companies=tuple(
            NamedOption(
                each.invitation.invitation_id,
                choose_name(each.company.name, find_language()),
                find_name_language(each.company.name, find_language()),
                each.invitation.invitation_id == posted.get("invitation"),
            )
            for each in invited
            if each.invitation.draft_id is None and not each.is_revoked
        ),
        consent_on=posted.get("consent_on", ""),
        latest_day=now.astimezone(ZONE).date().isoformat(),
        consent_by=posted.get("consent_by", ""),
        is_confirmed=posted.get("confirmed") == "yes",
        faults=faults,
        notice=notice,
        lines=tuple(_write_line(words, modes, each) for each in returns),
    )
    return render_template("desk/entry.html", page=page)


def name_modes(words: Words) -> Mapping[StaffMode, str]:
    return {"phone": words.gettext("By telephone"), "paper": words.gettext("On paper")}


def _write_line(words: Words, modes: Mapping[StaffMode, str], entered: StaffReturn) -> EntryLine:
    states = {
        "open": words.gettext("Not submitted yet"),
        "submitted": words.gettext("Submitted"),
        "withdrawn": words.gettext("Withdrawn"),
    }
    return EntryLine(
        mode=modes[entered.mode],
        state=states[entered.state],
        receipt=entered.receipt or "",
        started=words.time(entered.started_at),
        saved=words.time(entered.saved_at),
    )


def _tell_closed(survey_round: Round, now: datetime) -> str:
    state = survey_round.state(now)
    if state == "not_yet_open":
        return str(
            _(
                "The round opens on %(time)s. Returns can be entered from then on.",
                time=show_time(survey_round.opens_at),
            )
        )
    if state == "closed":
        return str(
            _(
                "The round closed on %(time)s. No further returns can be entered.",
                time=show_time(survey_round.closes_at),
            )
        )
    return ""


def _keep_ticket(slug: str) -> str:
    """The posted ticket, so that a second post is the same return; a new one where there is none."""
    settings, posted = find_installation().settings, request.form.get(TICKET_FIELD, "")
    try:
        read_start_ticket(settings, slug, posted)
    except ProofFault:
        return issue_start_ticket(settings, slug)
    return posted
