"""One invited company: its links, a fresh one to read out, and what opens nothing any more from now on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import LinkUnknown
from surveyapp.fieldwork.directory.names import choose_name
from surveyapp.fieldwork.invitations.inviting import audit_invitations, find_invitation, reinstate, revoke
from surveyapp.fieldwork.invitations.links import PersonalLink, issue_token, list_links
from surveyapp.fieldwork.invitations.listing import InvitationState, load_invitation_state
from surveyapp.fieldwork.invitations.revoking import revoke_links
from surveyapp.fieldwork.rounds import Round, find_round, list_rounds, load_questionnaire_of
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.invitations.choosing import describe_company
from surveyapp.web.desk.invitations.list_page import describe_states, tell_closed, tell_no_links
from surveyapp.web.desk.invitations.pages import LinkLine, MadeLink, OneInvitationPage
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor, find_words
from surveyapp.web.frame import Link, Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language
from surveyapp.web.respondent.open_return import write_private_link

WHICH, REASON, DONE = "which", "reason", "done"
ALL_LINKS, WHOLE = "links", "invitation"
LEAST_REASON, MOST_REASON = 10, 500
SPELLED = 4  # characters of a group


@dataclass(frozen=True, slots=True)
class Loaded:
    round: Round
    rounds: tuple[Round, ...]
    questionnaire: Questionnaire
    state: InvitationState
    links: tuple[PersonalLink, ...]


@allow(MANAGER)
def show_invitation(slug: str, invitation_id: str) -> str:
    return _render(_load(slug, invitation_id))


def _show_again(slug: str, invitation_id: str) -> str:
    words = _("The form had become stale. Please check what you entered and send it again.")
    return _render(_load(slug, invitation_id), notice=Notice(words, "warning"))


@allow(MANAGER)
@show_again_with(_show_again)
def show_fresh_link(slug: str, invitation_id: str) -> str:
    """Make a further link and show it this once, for a company that is on the telephone."""
    installation = find_installation()
    now = datetime.now(UTC)
    loaded = _load(slug, invitation_id)
    with installation.database.write() as connection:
        token = issue_token(connection, loaded.state.invitation, channel="shown", now=now)
        audit_invitations(
            connection,
            loaded.round,
            "invitation.link_shown",
            find_actor(),
            now,
            {"company": loaded.state.company.company_id},
        )
    groups = [token[start : start + SPELLED] for start in range(0, len(token), SPELLED)]
    made = MadeLink(write_private_link(token, "respondent.show_invitation"), " ".join(groups))
    return _render(_load(slug, invitation_id), made=made)


@allow(MANAGER)
@show_again_with(_show_again)
def revoke_invitation(slug: str, invitation_id: str) -> Response | tuple[str, int]:
    """Let one link, all links so far, or the invitation as a whole open nothing any more, for a reason."""
    loaded = _load(slug, invitation_id)
    which, reason = request.form.get(WHICH, ""), " ".join(request.form.get(REASON, "").split())
    known = {ALL_LINKS, WHOLE, *(link.link_id for link in loaded.links if link.revoked_at is None)}
    faults = []
    if which not in known:
        faults.append(SummaryFault(_("Choose what is to open nothing any more."), f"#{WHICH}", name=WHICH))
    if not LEAST_REASON <= len(reason) <= MOST_REASON:
        words = _("Give the reason in %(least)s to %(most)s characters.", least=LEAST_REASON, most=MOST_REASON)
        faults.append(SummaryFault(words, f"#{REASON}", name=REASON))
    if faults:
        return _render(loaded, faults=tuple(faults)), 422
    own, now, actor = loaded.state.invitation, datetime.now(UTC), find_actor()
    try:
        with find_installation().database.write() as connection:
            if which == WHOLE:
                revoke(connection, loaded.round, own, reason=reason, now=now, actor=actor)
            else:
                link_id = None if which == ALL_LINKS else which
                revoke_links(connection, loaded.round, own, link_id, reason=reason, now=now, actor=actor)
    except LinkUnknown:
        fault = SummaryFault(_("Choose what is to open nothing any more."), f"#{WHICH}", name=WHICH)
        return _render(loaded, faults=(fault,)), 422
    done = WHOLE if which == WHOLE else ALL_LINKS
    return redirect(url_for("desk.show_invitation", slug=slug, invitation_id=invitation_id, done=done), 303)


@allow(MANAGER)
@show_again_with(_show_again)
def reinstate_invitation(slug: str, invitation_id: str) -> Response:
    """Invite the company again; its old links stay as they are."""
    loaded = _load(slug, invitation_id)
    with find_installation().database.write() as connection:
        reinstate(connection, loaded.round, loaded.state.invitation, now=datetime.now(UTC), actor=find_actor())
    return redirect(url_for("desk.show_invitation", slug=slug, invitation_id=invitation_id, done="again"), 303)


def _load(slug: str, invitation_id: str) -> Loaded:
    """Raises RoundUnknown and InvitationUnknown."""
    installation = find_installation()
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        own = find_invitation(connection, survey_round, invitation_id)
        return Loaded(
            survey_round,
            list_rounds(connection, survey_id),
            load_questionnaire_of(connection, survey_round),
            load_invitation_state(connection, survey_round, own),
            list_links(connection, own),
        )


def _render(
    loaded: Loaded,
    *,
    made: MadeLink | None = None,
    faults: tuple[SummaryFault, ...] = (),
    notice: Notice | None = None,
) -> str:
    words, state = find_words(), loaded.state
    place: dict[str, Any] = {"slug": loaded.round.slug, "invitation_id": state.invitation.invitation_id}
    lines = tuple(_write_line(words, link) for link in loaded.links)
    page = OneInvitationPage(
        frame=build_desk_frame(loaded.round),
        head=build_round_head(loaded.round, loaded.rounds),
        company=choose_name(state.company.name, find_language()),
        back=Link(url_for("desk.show_invitations", slug=loaded.round.slug), _("All invitations")),
        facts=_list_facts(words, loaded),
        is_revoked=state.is_revoked,
        can_make_link=not state.is_revoked and not tell_no_links(loaded.round),
        made=made,
        links=lines,
        csrf_token=generate_csrf(),
        link_action=url_for("desk.show_fresh_link", **place),
        revoke_action=url_for("desk.revoke_invitation", **place),
        reinstate_action="" if tell_closed(loaded.round) else url_for("desk.reinstate_invitation", **place),
        choices=_list_choices(lines),
        reason=request.form.get(REASON, ""),
        faults=faults,
        notice=notice or _note_done(),
    )
    return render_template("desk/invitations/one.html", page=page)


def _list_facts(words: Words, loaded: Loaded) -> tuple[tuple[str, str], ...]:
    state = loaded.state
    own = state.invitation
    facts = [
        (_("State"), describe_states(words)[state.state]),
        (_("Since"), words.time(state.since)),
        (_("Invited on"), words.time(own.created_at)),
    ]
    if own.opened_at is not None:
        facts.append((_("Link first opened"), words.time(own.opened_at)))
    if own.revoked_at is not None:
        facts.append((_("Invitation taken back"), words.time(own.revoked_at)))
    about = describe_company(loaded.questionnaire, state.company)
    return (*facts, (_("Contacts"), words.number(state.contacts)), *(((_("Company"), about),) if about else ()))


def _write_line(words: Words, link: PersonalLink) -> LinkLine:
    channels = {
        "mail": words.gettext("By mail"),
        "letter": words.gettext("Letter"),
        "export": words.gettext("File of links"),
        "shown": words.gettext("Shown to staff"),
        "replaced": words.gettext("Made by the company"),
    }
    ended = ""
    if link.revoked_at is not None:
        by_company = link.revoked_by == "company"
        text = _("Replaced by the company on %(time)s") if by_company else _("Revoked on %(time)s")
        ended = text % {"time": words.time(link.revoked_at)}
    channel, issued = channels[link.channel], words.time(link.issued_at)
    return LinkLine(
        link_id=link.link_id,
        name=f"{channel}, {issued}",
        channel=channel,
        issued=issued,
        opened=words.time(link.opened_at) if link.opened_at is not None else "",
        ended=ended,
        is_live=link.revoked_at is None,
    )


def _list_choices(lines: tuple[LinkLine, ...]) -> tuple[FilterOption, ...]:
    chosen = request.form.get(WHICH, "")
    live = [line for line in lines if line.is_live]
    options = [(line.link_id, _("This link alone: %(link)s", link=line.name)) for line in live]
    if len(live) > 1:
        options.append((ALL_LINKS, _("All links made so far; the company stays invited and can get a new one")))
    options.append((WHOLE, _("The invitation: all links, and no further ones or mails")))
    return tuple(FilterOption(value, text, value == chosen) for value, text in options)


def _note_done() -> Notice | None:
    known = {
        ALL_LINKS: _(
            "The link opens nothing any more. Whoever tries it reads when it was revoked and whom to turn to."
        ),
        WHOLE: _("The invitation was taken back. Its links open nothing any more."),
        "again": _("The company is invited again. Its old links stay revoked: make a new one."),
    }
    words = known.get(request.args.get(DONE, ""))
    return Notice(words, "success") if words else None
