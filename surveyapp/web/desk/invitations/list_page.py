"""Who is invited to a round and how far each company is, for managers: who answered is nobody else's to see by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.csrf import generate_csrf

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.directory.names import choose_name
from surveyapp.fieldwork.invitations.listing import STATES, InvitationState, State, list_invitations
from surveyapp.fieldwork.rounds import Round, find_round, list_rounds, load_questionnaire_of
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.desk.invitations.choosing import (
    Chosen,
    build_filters,
    cut_page,
    describe_company,
    read_chosen,
)
from surveyapp.web.desk.invitations.pages import InvitationsPage, InvitedLine, StateLink
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.frame import LANGUAGE_NAMES, Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language, show_time

STATE, REVOKED = "state", "revoked"
SCOPE, TICKED, ALL = "scope", "ticked", "all"
TICK = "invitation"
LANGUAGE = "letter_language"
INVITED = "invited"  # in the address, how many were invited by the step before
MOST_LETTERS = 50  # of one file: a letter takes about an eighth of a second of a processor
_TONES: dict[State, str] = {
    "invited": "open",
    "opened": "open",
    "begun": "open",
    "submitted": "done",
    "refused": "over",
    "withdrawn": "over",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """The round, and those of its invitations that the filters find; `found` of all states, `chosen_ones` of one."""

    round: Round
    rounds: tuple[Round, ...]
    questionnaire: Questionnaire
    chosen: Chosen
    found: tuple[InvitationState, ...]

    @property
    def chosen_ones(self) -> tuple[InvitationState, ...]:
        state = self.chosen.further[STATE]
        return tuple(each for each in self.found if not state or name_state(each) == state)


@allow(MANAGER)
def show_invitations(slug: str) -> str:
    return render_invitations(load_listed(slug))


def load_listed(slug: str) -> Listed:
    """What the address or the posted form asks for. Raises RoundUnknown and FilterUnknown."""
    installation = find_installation()
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        rounds = list_rounds(connection, survey_id)
        questionnaire = load_questionnaire_of(connection, survey_round)
        chosen = read_chosen(questionnaire, STATE)
        if chosen.further[STATE] not in ("", REVOKED, *STATES):
            raise FilterUnknown(STATE, chosen.further[STATE])
        found = list_invitations(connection, survey_round, installation.vault, chosen.wanted)
    return Listed(survey_round, rounds, questionnaire, chosen, found)


def render_invitations(listed: Listed, *, faults: tuple[SummaryFault, ...] = (), notice: Notice | None = None) -> str:
    path = url_for("desk.show_invitations", slug=listed.round.slug)
    chosen_ones = listed.chosen_ones
    shown, pager = cut_page(chosen_ones, listed.chosen, path)
    ticked = frozenset(request.form.getlist(TICK))
    getting = sum(each.can_answer for each in chosen_ones)
    language = request.form.get(LANGUAGE, "")
    page = InvitationsPage(
        frame=build_desk_frame(listed.round),
        head=build_round_head(listed.round, listed.rounds),
        closed=tell_closed(listed.round),
        no_links=tell_no_links(listed.round),
        choose_url=url_for("desk.show_choice", slug=listed.round.slug),
        states=list_states(listed, path),
        filters=build_filters(listed.questionnaire, listed.chosen, path),
        lines=tuple(write_line(listed, each, ticked) for each in shown),
        pager=pager,
        has_any=bool(listed.found) or bool(listed.chosen.given),
        csrf_token=generate_csrf(),
        kept=listed.chosen.list_fields(),
        letters_url=url_for("desk.send_letters", slug=listed.round.slug),
        links_url=url_for("desk.send_links", slug=listed.round.slug),
        scope=ALL if request.form.get(SCOPE) == ALL else TICKED,
        all_words=ngettext(
            "The %(num)s company of this list that can still answer",
            "All %(num)s companies of this list that can still answer",
            getting,
        ),
        languages=(
            FilterOption("", _("That of each company's contact, else Korean"), language == ""),
            *(FilterOption(each, name, each == language) for each, name in LANGUAGE_NAMES.items()),
        ),
        most_letters=MOST_LETTERS,
        faults=faults,
        notice=notice or note_done(),
    )
    return render_template("desk/invitations/list.html", page=page)


def list_states(listed: Listed, path: str) -> tuple[StateLink, ...]:
    """How many are in each state, of those that the other filters find."""
    words, counts = find_words(), Counter(map(name_state, listed.found))
    names = {"": _("All"), **describe_states(words), REVOKED: _("Revoked")}
    counts[""] = len(listed.found)
    current = listed.chosen.further[STATE]
    return tuple(
        StateLink(text, words.number(counts[state]), listed.chosen.find_url(path, state=state), state == current)
        for state, text in names.items()
    )


def name_state(each: InvitationState) -> str:
    """In which list it stands: one whose invitation was taken back before it answered is in no other."""
    return REVOKED if each.is_revoked and _TONES[each.state] == "open" else each.state


def describe_states(words: Words) -> dict[str, str]:
    return {
        "invited": words.gettext("Invited"),
        "opened": words.gettext("Link opened"),
        "begun": words.gettext("Begun"),
        "submitted": words.gettext("Return submitted"),
        "refused": words.gettext("Refused"),
        "withdrawn": words.gettext("Withdrawn"),
    }


def write_line(listed: Listed, each: InvitationState, ticked: Sequence[str] | frozenset[str]) -> InvitedLine:
    words, own = find_words(), each.invitation
    return InvitedLine(
        invitation_id=own.invitation_id,
        company=choose_name(each.company.name, find_language()),
        remark=describe_company(listed.questionnaire, each.company),
        url=url_for("desk.show_invitation", slug=listed.round.slug, invitation_id=own.invitation_id),
        state=describe_states(words)[each.state],
        tone=_TONES[each.state],
        is_revoked=each.is_revoked,
        since=words.time(each.since),
        contacts=words.number(each.contacts),
        links=words.number(each.live_links),
        last_link=words.time(each.last_link_at) if each.last_link_at is not None else "",
        gets_link=each.can_answer,
        is_ticked=own.invitation_id in ticked,
    )


def tell_closed(survey_round: Round) -> str:
    """Why no company can be invited and no link made; blank where they can."""
    if survey_round.state(datetime.now(UTC)) != "closed":
        return ""
    words: str = _(
        "The round closed on %(time)s. Nobody can be invited and no further links can be made; those who submitted can "
        "still read and withdraw their return through the links they have.",
        time=show_time(survey_round.closes_at),
    )
    return words


def tell_no_links(survey_round: Round) -> str:
    """Why no link can be made now; blank where it can."""
    if survey_round.state(datetime.now(UTC)) != "in_preparation":
        return tell_closed(survey_round)
    words: str = _(
        "The round is in preparation. Companies can be invited already; links can be made once it is scheduled."
    )
    return words


def note_done() -> Notice | None:
    """What the step before did."""
    count = request.args.get(INVITED, "")
    if not (count.isascii() and count.isdigit() and len(count) < 8):
        return None
    text = ngettext("%(num)s company was invited.", "%(num)s companies were invited.", int(count))
    more = _("Nothing was sent. Letters, links and mails are made for those who are invited.")
    return Notice(f"{text} {more}", "success")
