"""What a genuine link says once it opens nothing any more: what happened, when, and whom to ask."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.part_links import LinkEnded, PageNotInPart
from surveyapp.fieldwork.rounds import Round
from surveyapp.web.errors import explain_status, show_problem
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language, has_named_language, show_clock, show_time, use_language
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.open_return import (
    CONTACT,
    OPERATOR,
    OpenReturn,
    ReturnNotBegun,
    frame_return,
    frame_round,
    name_store,
    tell_time,
)
from surveyapp.web.respondent.pages import EndedPage, Fact, SavedFragment

TYPED_ENDPOINTS = ("respondent.save_typed", "respondent.save_part_typed")


@respondent.errorhandler(LinkEnded)
def show_ended(fault: LinkEnded) -> tuple[str, int]:
    """A link that was replaced, revoked by the survey office, or ended by the colleague who gave it."""
    if not has_named_language():
        use_language(fault.language)
    if request.endpoint in TYPED_ENDPOINTS:
        return render_typed_in_vain(fault), 403
    if fault.reason == "replaced":
        title = _("This private link was replaced")
        paragraphs: tuple[str, ...] = (
            _(
                "It was replaced on %(time)s and opens nothing any more. No answer was lost.",
                time=show_time(fault.ended_at),
            ),
            _("Please turn to the colleague in your company who holds the new link."),
            _("If nobody in your company replaced it, somebody else had this link: please tell the contact below."),
        )
    elif fault.reason == "revoked":
        title = _("This personal link was revoked")
        paragraphs = tell_revoked(fault)
    else:
        title = _("This link to a part of a return was ended")
        paragraphs = (
            _(
                "It was ended on %(time)s. What was answered through it is kept in your company's return.",
                time=show_time(fault.ended_at),
            ),
            _("If something is still to be answered, the colleague who gave you the link can make a new one."),
        )
    if request.method == "POST":
        typed = _("What you just typed was not saved. If you need it, go back in your browser and copy it.")
        paragraphs = (typed, *paragraphs)
    page = EndedPage(frame_round(fault.round), title, paragraphs, tell_whom_to_ask(fault.round), "")
    return render_template("respondent/ended.html", page=page), 410


def tell_revoked(fault: LinkEnded) -> tuple[str, ...]:
    """What the survey office did, and how its company goes on."""
    kept = (_("What your company answered is kept."),) if fault.draft_id else ()
    return (
        _("The survey office revoked it on %(time)s. It opens nothing any more.", time=show_time(fault.ended_at)),
        *kept,
        _("To answer, or to change or withdraw what was answered, turn to the contact below for a new link."),
    )


@respondent.errorhandler(ReturnNotBegun)
def show_beginning(fault: ReturnNotBegun) -> Response:
    """A personal link through which nothing was begun yet leads to its start page."""
    return redirect(url_for("respondent.show_invitation", token=fault.token), 303)


@respondent.errorhandler(PageNotInPart)
def show_not_in_part(fault: PageNotInPart) -> Response:
    return show_problem(explain_status(404))


def render_typed_in_vain(fault: LinkEnded) -> str:
    """The same for the script that saves what is typed."""
    words = _(
        "This link was ended on %(time)s. What you typed since then is not saved.", time=show_time(fault.ended_at)
    )
    page = SavedFragment((), "closed", words, show_clock(tell_time()), "", "", 0)
    return render_template("respondent/saved.html", page=page)


def render_withdrawn(opened: OpenReturn, files: tuple[str, ...] = (), frozen: tuple[str, ...] = ()) -> str:
    """What a link leads to once its return was withdrawn; `files` left before that, with the return in them.

    `frozen` says which figure it is still in.
    """
    when = opened.draft.withdrawn_at
    is_invited = opened.draft.invitation_id is not None and opened.round.state(opened.opened_at) == "open"
    again_url = url_for("respondent.show_invitation", token=opened.token, anew=1) if is_invited else ""
    page = EndedPage(
        frame=frame_return(opened),
        title=_("This return was withdrawn"),
        paragraphs=(
            *((_("It was withdrawn on %(time)s.", time=show_time(when)),) if when is not None else ()),
            _("All answers, texts and contact details were erased. Nothing of it is counted any more."),
            *frozen,
            *((_("This private link can no longer be used."),) if not again_url else ()),
        ),
        whom_to_ask=tell_whom_to_ask(opened.round),
        withdraw_url="",
        store_key=name_store(find_installation(), opened),
        files=files,
        again_url=again_url,
    )
    return render_template("respondent/ended.html", page=page)


def render_closed(opened: OpenReturn) -> str:
    """What a link leads to when the round closed before the return was submitted."""
    page = EndedPage(
        frame=frame_return(opened),
        title=_("This survey round is closed"),
        paragraphs=(
            _("It closed on %(time)s.", time=show_time(opened.round.closes_at)),
            _("Your return was not submitted by then and is not counted. Answers can no longer be given or changed."),
        ),
        whom_to_ask=tell_whom_to_ask(opened.round),
        withdraw_url=url_for("respondent.show_withdrawal", token=opened.token),
    )
    return render_template("respondent/ended.html", page=page)


def render_invitation_closed(round_: Round) -> str:
    """What a personal link leads to outside the round's time, as long as nothing was begun through it."""
    if round_.state(tell_time()) == "closed":
        title = _("This survey round is closed")
        paragraphs: tuple[str, ...] = (
            _("It closed on %(time)s.", time=show_time(round_.closes_at)),
            _("Nothing was answered through this link by then, and nothing is stored about it."),
        )
    else:
        title = _("This survey round is not open yet")
        paragraphs = (_("It opens on %(time)s. You can use the same link then.", time=show_time(round_.opens_at)),)
    page = EndedPage(frame_round(round_), title, paragraphs, tell_whom_to_ask(round_), "")
    return render_template("respondent/ended.html", page=page)


def render_part_closed(opened: OpenReturn) -> str:
    """What a part link leads to outside the round's time. Whether the return was submitted is not its to know."""
    state = opened.round.state(opened.opened_at)
    if state == "not_yet_open":
        title = _("This survey round is not open yet")
        when = _("It opens on %(time)s. You can use the same link then.", time=show_time(opened.round.opens_at))
        rest: tuple[str, ...] = ()
    else:
        title = _("This survey round is closed")
        when = _("It closed on %(time)s.", time=show_time(opened.round.closes_at))
        rest = (
            _("Nothing can be answered or changed in your part any more. What was saved by then is kept."),
            _("Whether the return was submitted, the colleague can say who gave you this link."),
        )
    page = EndedPage(frame_return(opened), title, (when, *rest), tell_whom_to_ask(opened.round), "")
    return render_template("respondent/ended.html", page=page)


def tell_whom_to_ask(round_: Round) -> tuple[Fact, ...]:
    """Who asks, and the contact that the notice names."""
    language = find_language()
    labels = {OPERATOR: _("Survey by"), CONTACT: _("Contact")}
    return tuple(
        Fact(label, round_.operator_texts[name].in_language(language))
        for name, label in labels.items()
        if name in round_.operator_texts
    )
