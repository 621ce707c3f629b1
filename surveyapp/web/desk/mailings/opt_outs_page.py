"""Who wants no mail: those who pressed the link, and those of whom staff noted it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.contacts import opt_out
from surveyapp.fieldwork.mail.addresses import AddressUnusable, check_address
from surveyapp.fieldwork.mail.declining import take_back_noted
from surveyapp.fieldwork.mail.log_people import OptOut, list_opt_outs
from surveyapp.fieldwork.mail.wording import choose_name
from surveyapp.records.audit import write_audit
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.mailings.ground import Ground, load_ground
from surveyapp.web.desk.mailings.pages import OptOutLine, OptOutsPage
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language

EMAIL, LOOKUP = "email", "lookup"


@allow(MANAGER)
def show_opt_outs(slug: str) -> str:
    return _show(slug)


def _show_again(slug: str) -> str:
    return _show(slug, notice=Notice(_("The form had become stale. Please check it and send it again."), "warning"))


@allow(MANAGER)
@show_again_with(_show_again)
def change_opt_outs(slug: str) -> Response | tuple[str, int]:
    """Note that an address wants no mail, or take back what staff noted."""
    installation, now = find_installation(), datetime.now(UTC)
    lookup = request.form.get(LOOKUP)
    if lookup is None:
        try:
            address = check_address(request.form.get(EMAIL, ""))
        except AddressUnusable:
            return _show(slug, fault=_("Enter one e-mail address, such as kim@example.com.")), 422
    with installation.database.write() as connection:
        ground = load_ground(connection, slug)
        survey_id = ground.round.survey_id
        if lookup is None:
            changed = opt_out(connection, installation.vault, survey_id, address.spec, source="staff", now=now)
        else:
            changed = take_back_noted(connection, survey_id, lookup)
        if changed:
            action = "mail.opt_out_noted" if lookup is None else "mail.opt_out_taken_back"
            write_audit(connection, actor=find_actor(), action=action, at=now, survey_id=survey_id)
    return redirect(url_for("desk.show_opt_outs", slug=slug), 303)


def _show(slug: str, *, fault: str = "", notice: Notice | None = None) -> str:
    installation = find_installation()
    with installation.database.read() as connection:
        ground = load_ground(connection, slug)
        found = list_opt_outs(connection, installation.vault, ground.round.survey_id)
    page = OptOutsPage(
        frame=ground.frame,
        head=ground.head,
        notices=(notice,) if notice is not None else (),
        faults=(SummaryFault(fault, f"#{EMAIL}", name=EMAIL),) if fault else (),
        action=url_for("desk.change_opt_outs", slug=slug),
        csrf_token=generate_csrf(),
        email=request.form.get(EMAIL, ""),
        lines=tuple(_write_line(ground, each) for each in found),
        sections=ground.sections,
    )
    return render_template("desk/mailings/opt_outs.html", page=page)


def _write_line(ground: Ground, found: OptOut) -> OptOutLine:
    words = ground.words
    people = [f"{choose_name(who.company, find_language())} – {who.name or who.email}" for who in found.contacts]
    is_noted = found.source == "staff"
    return OptOutLine(
        at=words.time(found.opted_out_at),
        source=words.gettext("Noted by staff") if is_noted else words.gettext("By the link in a mail"),
        people=words.join(people) or words.gettext("Nobody in the directory has this address now"),
        lookup=found.lookup.hex() if is_noted else "",
    )
