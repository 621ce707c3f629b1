"""The dry run: exactly who would get the mailing, why the others would not, and the button that sends it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.mail.mailings import (
    Mailing,
    MailingBegun,
    NobodyToSend,
    RecipientsChanged,
    TemplatesFaulty,
    find_mailing,
    plan,
    start_mailing,
)
from surveyapp.fieldwork.mail.recipients import Line, Plan
from surveyapp.fieldwork.mail.templates import find_template_faults
from surveyapp.fieldwork.mail.wording import choose_name
from surveyapp.fieldwork.rounds import RoundClosed, RoundNotOpen
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.mailings.ground import Ground, find_office, load_ground, tell_fictional, tell_no_server
from surveyapp.web.desk.mailings.pages import Figure, RecipientLine, RecipientsPage
from surveyapp.web.desk.mailings.words import describe_reason, name_kind
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import LANGUAGE_NAMES, Link, Notice
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language, show_time

LINES = 200  # of one page
OTHERS = "others"


@allow(MANAGER)
def show_recipients(slug: str, mailing_id: str) -> Response | str:
    return _show(slug, mailing_id)


def _show_again(slug: str, mailing_id: str) -> Response | str:
    words = _("The form had become stale. Nothing was sent. Please look at the list and press the button again.")
    return _show(slug, mailing_id, Notice(words, "warning"))


@allow(MANAGER)
@show_again_with(_show_again)
def send_mailing(slug: str, mailing_id: str) -> Response | tuple[Response | str, int]:
    """Begin the mailing for exactly the people that were shown; otherwise show the list again and send nothing."""
    installation = find_installation()
    here: dict[str, Any] = {"slug": slug, "mailing_id": mailing_id}
    try:
        with installation.database.write() as connection:
            ground = load_ground(connection, slug)
            if find_office(installation).server is None or ground.round.kind == "sample":
                return _show(**here), 409
            start_mailing(
                connection,
                installation.vault,
                ground.round,
                mailing_id,
                digest=request.form.get("digest", ""),
                actor=find_actor(),
                now=datetime.now(UTC),
            )
    except MailingBegun:
        return redirect(url_for("desk.show_mailing", **here), 303)
    except RecipientsChanged:
        words = _("Meanwhile somebody answered, was invited or was written to. Nothing was sent. This is the list now.")
        return _show(**here, notice=Notice(words, "warning", _("The list has changed"))), 409
    except (NobodyToSend, TemplatesFaulty, RoundClosed, RoundNotOpen):
        return _show(**here), 409
    return redirect(url_for("desk.show_mailing", **here), 303)


def _show(slug: str, mailing_id: str, notice: Notice | None = None) -> Response | str:
    now = datetime.now(UTC)
    with find_installation().database.read() as connection:
        ground = load_ground(connection, slug)
        found = find_mailing(connection, ground.round, mailing_id)
        if found.state != "prepared" or find_template_faults(found.kind, found.templates):
            return redirect(url_for("desk.show_mailing", slug=slug, mailing_id=mailing_id), 303)
        planned = plan(connection, ground.installation.vault, found, now=now)
    notices = (*((notice,) if notice is not None else ()), *_list_obstacles(ground, now))
    return render_template("desk/mailings/recipients.html", page=_build_page(ground, found, planned, notices, now))


def _build_page(
    ground: Ground, found: Mailing, planned: Plan, notices: tuple[Notice, ...], now: datetime
) -> RecipientsPage:
    words = ground.words
    here: dict[str, Any] = {"slug": ground.round.slug, "mailing_id": found.mailing_id}
    shows_others = request.args.get("list") == OTHERS
    lines = planned.not_getting if shows_others else planned.getting
    start = _find_start(len(lines))
    kept: dict[str, Any] = {"list": OTHERS} if shows_others else {}
    count = len(planned.getting)
    can_send = count > 0 and not _list_obstacles(ground, now)
    return RecipientsPage(
        frame=ground.frame,
        head=ground.head,
        heading=name_kind(words, found.kind),
        notices=notices,
        summary=_summarise(ground, planned),
        reasons=_count_reasons(ground, planned),
        tabs=(
            Link(
                url_for("desk.show_recipients", **here),
                words.ngettext("Gets it: %(n)s", "Get it: %(n)s", count),
                not shows_others,
            ),
            Link(
                url_for("desk.show_recipients", **here, list=OTHERS),
                words.ngettext("Does not: %(n)s", "Do not: %(n)s", len(planned.not_getting)),
                shows_others,
            ),
        ),
        caption=_("Who does not get the mailing, and why") if shows_others else _("Who gets the mailing"),
        shows_reasons=shows_others,
        lines=tuple(_write_line(ground, line) for line in lines[start : start + LINES]),
        earlier_url=url_for("desk.show_recipients", **here, **kept, start=max(0, start - LINES)) if start else "",
        later_url=(
            url_for("desk.show_recipients", **here, **kept, start=start + LINES) if start + LINES < len(lines) else ""
        ),
        place=_(
            "%(first)s to %(last)s of %(of)s",
            first=words.number(start + 1),
            last=words.number(min(start + LINES, len(lines))),
            of=words.number(len(lines)),
        ),
        back_url=url_for("desk.show_mailing", **here),
        action=url_for("desk.send_mailing", **here),
        csrf_token=generate_csrf(),
        digest=planned.digest,
        send_words=words.ngettext("Send %(n)s mail", "Send %(n)s mails", count) if can_send else "",
        sections=ground.sections,
    )


def _summarise(ground: Ground, planned: Plan) -> str:
    """How many mails to how many companies."""
    words, count = ground.words, len(planned.getting)
    if not count:
        return str(_("Nobody would get this mailing now."))
    companies = len({line.company_id for line in planned.getting})
    return words.gettext(
        "%(mails)s would be sent to %(companies)s.",
        mails=words.ngettext("%(n)s mail", "%(n)s mails", count),
        companies=words.ngettext("%(n)s company", "%(n)s companies", companies),
    )


def _count_reasons(ground: Ground, planned: Plan) -> tuple[Figure, ...]:
    counts = Counter(line.reason for line in planned.not_getting)
    return tuple(
        Figure(describe_reason(ground.words, reason), ground.words.number(count))
        for reason, count in counts.most_common()
    )


def _write_line(ground: Ground, line: Line) -> RecipientLine:
    contact = line.contact
    return RecipientLine(
        company=choose_name(line.company, find_language()),
        person=contact.name if contact is not None else "",
        address=contact.email if contact is not None else "",
        language=LANGUAGE_NAMES[contact.language] if contact is not None else "",
        reason=describe_reason(ground.words, line.reason) if line.reason else "",
    )


def _list_obstacles(ground: Ground, now: datetime) -> tuple[Notice, ...]:
    """Why nothing can be sent, whoever it would be for."""
    obstacles = [*tell_no_server(ground.installation), *tell_fictional(ground.round)]
    state = ground.round.state(now)
    if state == "closed":
        closed = show_time(ground.round.closes_at)
        obstacles.append(Notice(_("The round closed on %(time)s. Nobody can answer any more.", time=closed), "warning"))
    elif state != "open":
        words = _("The round is not open yet. Links in mails would lead nowhere, so mails wait until it is.")
        obstacles.append(Notice(words, "warning"))
    return tuple(obstacles)


def _find_start(of: int) -> int:
    given = request.args.get("start", "0")
    start = int(given) if given.isascii() and given.isdigit() and len(given) < 8 else 0
    return start - start % LINES if start < of else 0
