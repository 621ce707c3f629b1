"""Choosing whom to invite: by name, size, business and membership, one by one or all that the filters find."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.companies import Company
from surveyapp.fieldwork.directory.names import choose_name
from surveyapp.fieldwork.invitations.inviting import CompanyNotInvitable, invite
from surveyapp.fieldwork.invitations.listing import list_not_invited
from surveyapp.fieldwork.rounds import RoundClosed, find_round, list_rounds, load_questionnaire_of
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.invitations.choosing import build_filters, cut_page, describe_company, read_chosen
from surveyapp.web.desk.invitations.list_page import ALL, SCOPE, tell_closed
from surveyapp.web.desk.invitations.pages import ChoiceLine, ChoicePage
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor
from surveyapp.web.frame import Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language

TICK = "company"


@allow(MANAGER)
def show_choice(slug: str) -> str:
    return _render(slug)


def _show_choice_again(slug: str) -> str:
    words = _("The form had become stale. Please check what you chose and send it again.")
    return _render(slug, notice=Notice(words, "warning"))


@allow(MANAGER)
@show_again_with(_show_choice_again)
def invite_chosen(slug: str) -> Response | tuple[str, int]:
    """Invite those that were ticked, or all that the filters find. Sent twice, it invites once."""
    installation = find_installation()
    with installation.database.read() as connection:
        survey_round = find_round(connection, installation.settings.survey_id, slug)
        chosen = read_chosen(load_questionnaire_of(connection, survey_round))
        found = list_not_invited(connection, survey_round, installation.vault, chosen.wanted)
    wanted = [company.company_id for company in found] if request.form.get(SCOPE) == ALL else _read_ticked()
    if not wanted and request.form.get(SCOPE) != ALL:
        fault = SummaryFault(_("Tick at least one company, or invite all of the list."), "#companies", name=TICK)
        return _render(slug, faults=(fault,)), 422
    try:
        with installation.database.write() as connection:
            outcome = invite(connection, survey_round, wanted, now=datetime.now(UTC), actor=find_actor())
    except (CompanyNotInvitable, RoundClosed):
        words = _("The list changed meanwhile: one of the companies cannot be invited any more. Nobody was invited.")
        return _render(slug, notice=Notice(words, "error")), 409
    return redirect(url_for("desk.show_invitations", slug=slug, invited=outcome.invited), 303)


def _read_ticked() -> list[int]:
    ticked = request.form.getlist(TICK)
    return [int(value) for value in ticked if value.isascii() and value.isdigit() and len(value) < 10]


def _render(slug: str, *, faults: tuple[SummaryFault, ...] = (), notice: Notice | None = None) -> str:
    installation = find_installation()
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        rounds = list_rounds(connection, survey_id)
        questionnaire = load_questionnaire_of(connection, survey_round)
        chosen = read_chosen(questionnaire)
        found = list_not_invited(connection, survey_round, installation.vault, chosen.wanted)
    path = url_for("desk.show_choice", slug=slug)
    shown, pager = cut_page(found, chosen, path)
    ticked = frozenset(_read_ticked())

    def write(company: Company) -> ChoiceLine:
        remark = describe_company(questionnaire, company)
        return ChoiceLine(
            company.company_id, choose_name(company.name, find_language()), remark, company.company_id in ticked
        )

    page = ChoicePage(
        frame=build_desk_frame(survey_round),
        head=build_round_head(survey_round, rounds),
        closed=tell_closed(survey_round),
        back_url=url_for("desk.show_invitations", slug=slug),
        filters=build_filters(questionnaire, chosen, path),
        lines=tuple(map(write, shown)),
        pager=pager,
        csrf_token=generate_csrf(),
        action=url_for("desk.invite_chosen", slug=slug),
        kept=chosen.list_fields(),
        all_words=ngettext(
            "Invite the %(num)s company of this list", "Invite all %(num)s companies of this list", len(found)
        ),
        faults=faults,
        notice=notice,
    )
    return render_template("desk/invitations/choose.html", page=page)
