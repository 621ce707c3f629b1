"""The audit trail, newest first, for administrators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import render_template, request, url_for

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.rounds import list_rounds, load_questionnaire_of
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.audit import COMMAND, RESPONDENT, SCHEDULE, AuditEvent, list_audit
from surveyapp.reports.words import Words
from surveyapp.web.access import ADMIN, allow
from surveyapp.web.desk.audit_words import describe_details
from surveyapp.web.desk.pages import AuditLine, AuditPage
from surveyapp.web.desk.sign_in import UNKNOWN_ACTOR
from surveyapp.web.desk.surroundings import build_desk_frame, find_words, name_round
from surveyapp.web.installation import find_installation

LINES = 100


@allow(ADMIN)
def show_audit() -> str:
    before = request.args.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 10):
        raise FilterUnknown("before", before)
    installation = find_installation()
    words = find_words()
    with installation.database.read() as connection:
        events = list_audit(connection, limit=LINES, before_id=None if before is None else int(before))
        rounds = list_rounds(connection, installation.settings.survey_id)
        told_of = {event.round_id for event in events}
        titles = list_titles(load_questionnaire_of(connection, one) for one in rounds if one.round_id in told_of)
    round_titles = {one.round_id: name_round(one, words) for one in rounds}

    def show(event: AuditEvent) -> AuditLine:
        title = "" if event.round_id is None else round_titles.get(event.round_id, str(event.round_id))
        return AuditLine(
            at=words.time(event.at),
            actor=name_actor(words, event.actor),
            action=name_action(words, event.action),
            code=event.action,
            round=title,
            details=describe_details(words, event.details, titles),
        )

    page = AuditPage(
        frame=build_desk_frame(),
        events=tuple(show(event) for event in events),
        next_url=url_for("desk.show_audit", before=events[-1].audit_id) if len(events) == LINES else "",
    )
    return render_template("desk/audit.html", page=page)


def list_titles(questionnaires: Iterable[Questionnaire]) -> Mapping[str, Text]:
    """What sections, pages and issues are called, by the names under which the trail holds them."""
    titles = {issue.code: issue.name for issue in load_taxonomy().issues}
    for one in questionnaires:
        titles |= {page.name: page.label for page in one.pages}
        titles |= {section.name: section.label for section in one.sections}
    return titles


def name_action(words: Words, action: str) -> str:
    """What was done, in words; the code itself where it is not known here."""
    return {
        "account.added": words.gettext("Account added"),
        "account.link_made": words.gettext("Password link made"),
        "account.password_set": words.gettext("Password set"),
        "account.sign_in_failed": words.gettext("Sign-in failed"),
        "account.signed_in": words.gettext("Signed in"),
        "account.signed_out": words.gettext("Signed out"),
        "companies.exported": words.gettext("Companies exported"),
        "companies.imported": words.gettext("Companies imported"),
        "companies.double_dismissed": words.gettext("Suspected doubles known as two companies"),
        "companies.double_suspected_again": words.gettext("Two companies may be suspected again"),
        "companies.merge_undone": words.gettext("Joining of two companies undone"),
        "companies.merged": words.gettext("Two companies joined"),
        "company.added": words.gettext("Company added"),
        "company.changed": words.gettext("Company changed"),
        "contact.added": words.gettext("Contact added"),
        "contact.changed": words.gettext("Contact changed"),
        "contact.opt_out_ended": words.gettext("Mail to a contact allowed again"),
        "contact.opted_out": words.gettext("Contact noted as wanting no mail"),
        "contact.removed": words.gettext("Contact removed"),
        "contact.restored": words.gettext("Removal of a contact undone"),
        "database.backed_up": words.gettext("Backup made"),
        "database.restored": words.gettext("Backup restored"),
        "database.copy_begun": words.gettext("Copy of the database begun"),
        "export.csv": words.gettext("CSV file exported"),
        "export.file": words.gettext("File exported"),
        "file.asked_for": words.gettext("File asked for"),
        "job.added": words.gettext("Job asked for"),
        "job.cancelled": words.gettext("Job cancelled"),
        "job.retried": words.gettext("Job tried again"),
        "invitation.letters_printed": words.gettext("Letters with links printed"),
        "invitation.link_shown": words.gettext("Link shown to staff"),
        "invitation.links_exported": words.gettext("File of links exported"),
        "invitation.links_revoked": words.gettext("Links revoked"),
        "invitation.made": words.gettext("Companies invited"),
        "invitation.reinstated": words.gettext("Company invited again"),
        "invitation.revoked": words.gettext("Invitation taken back"),
        "mail.accepted": words.gettext("Mails wanted again, by link"),
        "mail.declined": words.gettext("Mails declined by link"),
        "mail.opt_out_noted": words.gettext("Noted that an address wants no mail"),
        "mail.opt_out_taken_back": words.gettext("Note taken back that an address wants no mail"),
        "mail.reports_imported": words.gettext("Delivery reports read in"),
        "mail.sent_again": words.gettext("Uncertain mail sent again by decision"),
        "mail.taken_as_sent": words.gettext("Uncertain mail taken as arrived by decision"),
        "mailing.started": words.gettext("Mailing begun"),
        "mailing.stopped": words.gettext("Mailing stopped"),
        "first_steps.hidden": words.gettext("List of first steps put aside"),
        "first_steps.shown": words.gettext("List of first steps shown again"),
        "installation.secrets_kept": words.gettext("Secrets put away, as an administrator says"),
        "note.removed": words.gettext("Note on a figure deleted"),
        "note.restored": words.gettext("Deletion of a note undone"),
        "note.written": words.gettext("Note on a figure written"),
        "privacy.access_file": words.gettext("Everything about a company or person handed out"),
        "retention.purged": words.gettext("Data past their date erased"),
        "round.retention_changed": words.gettext("Date of erasure changed"),
        "return.link_replaced": words.gettext("Private link replaced"),
        "return.part_ended": words.gettext("Link to a part ended"),
        "return.part_handed": words.gettext("Part handed to a colleague"),
        "return.entered_by_staff": words.gettext("Return begun for a company"),
        "return.refused": words.gettext("Return erased: consent refused"),
        "return.withdrawn": words.gettext("Return withdrawn"),
        "round.changed": words.gettext("Round in preparation changed"),
        "round.closed": words.gettext("Round closed early"),
        "round.dates_changed": words.gettext("Dates of the round changed"),
        "round.opened": words.gettext("Round opened"),
        "round.extended": words.gettext("Round extended"),
        "round.open_link_switched": words.gettext("Open link switched"),
        "round.prepared": words.gettext("Round prepared"),
        "round.purged": words.gettext("Round erased"),
        "round.reopened": words.gettext("Round reopened"),
        "round.scheduled": words.gettext("Round scheduled"),
        "round.thresholds_changed": words.gettext("Thresholds changed"),
        "round.unscheduled": words.gettext("Round taken back into preparation"),
        "texts.viewed": words.gettext("Texts read"),
    }.get(action, action)


def name_actor(words: Words, actor: str) -> str:
    """Who did it: an address of an account stays as it is; a command says under which user it ran."""
    kind, separator, rest = actor.partition(":")
    names = {
        RESPONDENT: words.gettext("Respondent"),
        COMMAND: words.gettext("Command"),
        SCHEDULE: words.gettext("Schedule"),
        UNKNOWN_ACTOR: words.gettext("Unknown account"),
    }
    return f"{names.get(kind, kind)}{separator}{rest}"
