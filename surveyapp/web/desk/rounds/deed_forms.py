"""What can be done with a round in its state: a form of one button for each deed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import url_for
from flask_babel import gettext as _

from surveyapp.fieldwork.rounds import Obstacle, Round, RoundState
from surveyapp.web.desk.rounds.pages import Deed, TypedField
from surveyapp.web.desk.rounds.typed import INVITED_ONLY, OPEN_LINK, Typed
from surveyapp.web.locale import show_time

TypedInto = Callable[[str], Typed | None]
NOW, AT_ITS_TIME = "now", "time"


def list_deeds(
    survey_round: Round, state: RoundState, obstacles: Sequence[Obstacle], typed_into: TypedInto
) -> tuple[Deed, ...]:
    """What changes when it opens and closes, and who may take part. A sample round is not opened to anybody."""
    slug = survey_round.slug
    if survey_round.kind == "sample":
        return (_offer_other_link(survey_round),) if survey_round.open_link else ()
    if state == "in_preparation":
        return _list_ways_to_open(survey_round, {obstacle.kind for obstacle in obstacles})
    deeds = []
    if state == "not_yet_open":
        deeds.append(
            Deed(
                name="unschedule",
                title=_("Change it before it opens"),
                explanation=_("The round goes back into preparation, where everything can be changed."),
                action=url_for("desk.unschedule", slug=slug),
                button=_("Take back into preparation"),
            )
        )
    if state in ("not_yet_open", "open"):
        deeds.append(
            Deed(
                name="extend",
                title=_("Extend it"),
                explanation=_("Companies see the new end at once. A round cannot be shortened by this."),
                action=url_for("desk.extend", slug=slug),
                button=_("Extend"),
                fields=(_ask_for_end(typed_into("extend"), _("New end")),),
            )
        )
    deeds.append(_offer_other_link(survey_round))
    return tuple(deeds)


def list_danger(survey_round: Round, state: RoundState, typed_into: TypedInto) -> tuple[Deed, ...]:
    """Closing before its time, and opening again."""
    slug = survey_round.slug
    if state == "open":
        return (
            Deed(
                name="close",
                title=_("Close it now"),
                explanation=_(
                    "Answers that are not submitted by then do not count. Companies that are filling in the form are "
                    "told."
                ),
                action=url_for("desk.close", slug=slug),
                button=_("Close the round now"),
                is_grave=True,
            ),
        )
    if state == "closed" and survey_round.kind != "sample":
        typed = typed_into("reopen")
        return (
            Deed(
                name="reopen",
                title=_("Open it again"),
                explanation=_(
                    "Companies can begin, go on and change what they submitted until the new end. Figures that were "
                    "released already may then differ from those made later. The reason stays in the audit trail."
                ),
                action=url_for("desk.reopen", slug=slug),
                button=_("Reopen the round"),
                fields=(_ask_for_end(typed, _("Open again until")),),
                reason=TypedField(
                    "reason",
                    _("Reason"),
                    "" if typed is None else typed.read("reason"),
                    "" if typed is None else typed.find_fault("reason"),
                ),
                is_grave=True,
            ),
        )
    return ()


def _list_ways_to_open(survey_round: Round, missing: set[str]) -> tuple[Deed, ...]:
    deeds = []
    action = url_for("desk.schedule", slug=survey_round.slug)
    if not missing:
        deeds.append(
            Deed(
                name="schedule",
                title=_("Schedule it"),
                explanation=_(
                    "What is saved below opens by itself on %(opens)s and closes on %(closes)s. The wording cannot be "
                    "changed once it has opened.",
                    opens=show_time(survey_round.opens_at),
                    closes=show_time(survey_round.closes_at),
                ),
                action=action,
                button=_("Schedule the round"),
                hidden=(("when", AT_ITS_TIME),),
                is_main=True,
            )
        )
    if missing <= {"opens_in_the_past"}:
        deeds.append(
            Deed(
                name="open",
                title=_("Open it at once"),
                explanation=_(
                    "What is saved below opens now and closes on %(closes)s.", closes=show_time(survey_round.closes_at)
                ),
                action=action,
                button=_("Open the round now"),
                hidden=(("when", NOW),),
            )
        )
    return tuple(deeds)


def _offer_other_link(survey_round: Round) -> Deed:
    is_open = survey_round.open_link
    return Deed(
        name="link",
        title=_("Switch the open link off") if is_open else _("Switch the open link on"),
        explanation=_("Returns that were begun go on. From then on only invited companies can begin one.")
        if is_open
        else _("Whoever has the address of the round can then take part, besides the invited companies."),
        action=url_for("desk.switch_link", slug=survey_round.slug),
        button=_("Switch off") if is_open else _("Switch on"),
        hidden=(("open_link", INVITED_ONLY if is_open else OPEN_LINK),),
    )


def _ask_for_end(typed: Typed | None, label: str) -> TypedField:
    if typed is None:
        return TypedField("closes_at", label, "")
    return TypedField("closes_at", label, typed.read("closes_at"), typed.find_fault("closes_at"))
