"""The desk: what staff see. Every address of it is named here."""

from __future__ import annotations

from flask import Blueprint

from surveyapp.web.desk.audit_page import show_audit
from surveyapp.web.desk.briefing.briefing_page import show_briefing
from surveyapp.web.desk.briefing.sending import send_briefing_csv, send_briefing_pdf, send_briefing_workbook
from surveyapp.web.desk.crosswalk_page import show_crosswalk
from surveyapp.web.desk.directory.companies_page import show_companies
from surveyapp.web.desk.directory.company_page import add_new_company, save_company, show_company, show_new_company
from surveyapp.web.desk.directory.contact_pages import (
    add_new_contact,
    delete_contact,
    save_contact,
    show_contact,
    show_new_contact,
    undelete_contact,
)
from surveyapp.web.desk.directory.doubles_page import (
    dismiss_suspected,
    show_doubles,
    undo_company_merge,
    undo_dismissal,
)
from surveyapp.web.desk.directory.export_page import send_companies, show_company_export
from surveyapp.web.desk.directory.import_page import confirm_import, discard_import, show_import
from surveyapp.web.desk.directory.merge_page import merge_company, show_merge
from surveyapp.web.desk.directory.upload_page import send_template, show_upload, upload_companies
from surveyapp.web.desk.disclosure_page import show_disclosure
from surveyapp.web.desk.entry_page import show_entry, start_entry
from surveyapp.web.desk.exporting.codebook_page import send_codebook, show_codebook
from surveyapp.web.desk.exporting.composer_page import show_export
from surveyapp.web.desk.exporting.sending import fetch_export, make_file
from surveyapp.web.desk.exports import send_identified, send_ministry, send_raw
from surveyapp.web.desk.field.progress_page import show_progress
from surveyapp.web.desk.figure_notes import add_note, delete_note, show_round_notes, undelete_note
from surveyapp.web.desk.figures_page import show_figure, show_figure_search
from surveyapp.web.desk.first_steps import note_first_step, show_first_steps
from surveyapp.web.desk.home import show_home
from surveyapp.web.desk.invitations.handing_out import send_letters, send_links
from surveyapp.web.desk.invitations.invite_page import invite_chosen, show_choice
from surveyapp.web.desk.invitations.list_page import show_invitations
from surveyapp.web.desk.invitations.one_page import (
    reinstate_invitation,
    revoke_invitation,
    show_fresh_link,
    show_invitation,
)
from surveyapp.web.desk.issues_page import show_issues
from surveyapp.web.desk.jobs.jobs_page import cancel, retry, show_job_list, show_jobs
from surveyapp.web.desk.jobs.progress import show_job_progress
from surveyapp.web.desk.mailings.listing import add_mailing, show_mailings
from surveyapp.web.desk.mailings.log_page import decide_mail, show_mail_log
from surveyapp.web.desk.mailings.one_mailing import save_mailing, show_mail_html, show_mailing
from surveyapp.web.desk.mailings.opt_outs_page import change_opt_outs, show_opt_outs
from surveyapp.web.desk.mailings.progress import resume_sending, show_mailing_counts, stop_sending
from surveyapp.web.desk.mailings.recipients_page import send_mailing, show_recipients
from surveyapp.web.desk.mailings.reports_page import import_delivery_reports, show_delivery_reports
from surveyapp.web.desk.privacy.overview_page import find_subject, send_access_file, show_privacy
from surveyapp.web.desk.privacy.round_page import purge_now, save_retention, show_round_privacy
from surveyapp.web.desk.questions_page import show_question, show_questions
from surveyapp.web.desk.release_request import request_release
from surveyapp.web.desk.released_page import show_released
from surveyapp.web.desk.rounds.deeds import (
    close,
    extend,
    reopen,
    save_plan,
    save_thresholds,
    schedule,
    show_posted,
    switch_link,
    unschedule,
)
from surveyapp.web.desk.rounds.new_page import prepare_new_round, show_new_round
from surveyapp.web.desk.rounds.settings_page import show_settings
from surveyapp.web.desk.style_page import show_style
from surveyapp.web.desk.texts_page import show_texts

desk = Blueprint("desk", __name__, url_prefix="/desk")

desk.add_url_rule("/", view_func=show_home)
desk.add_url_rule("/first-steps", view_func=show_first_steps)
desk.add_url_rule("/first-steps", view_func=note_first_step, methods=["POST"])
desk.add_url_rule("/audit", view_func=show_audit)
desk.add_url_rule("/jobs", view_func=show_jobs)
desk.add_url_rule("/jobs/list", view_func=show_job_list)
desk.add_url_rule("/jobs/<job_id>/progress", view_func=show_job_progress)
desk.add_url_rule("/jobs/<job_id>/retry", view_func=retry, methods=["POST"])
desk.add_url_rule("/jobs/<job_id>/cancel", view_func=cancel, methods=["POST"])
desk.add_url_rule("/privacy", view_func=show_privacy)
desk.add_url_rule("/privacy", view_func=find_subject, methods=["POST"])
desk.add_url_rule("/privacy/access", view_func=send_access_file, methods=["POST"])
desk.add_url_rule("/trade-measures", view_func=show_crosswalk)
desk.add_url_rule("/figures", view_func=show_figure_search)
desk.add_url_rule("/figures/<code>", view_func=show_figure)
desk.add_url_rule("/style", view_func=show_style)
_COMPANY = "/companies/<int(max=2147483647):company_id>"
desk.add_url_rule("/companies", view_func=show_companies)
desk.add_url_rule("/companies/new", view_func=show_new_company)
desk.add_url_rule("/companies/new", view_func=add_new_company, methods=["POST"])
desk.add_url_rule("/companies/export", view_func=show_company_export)
desk.add_url_rule("/companies/export", view_func=send_companies, methods=["POST"])
desk.add_url_rule("/companies/import", view_func=show_upload)
desk.add_url_rule("/companies/import", view_func=upload_companies, methods=["POST"])
desk.add_url_rule("/companies/import/template.<file_format>", view_func=send_template)
desk.add_url_rule("/companies/import/<upload_id>", view_func=show_import)
desk.add_url_rule("/companies/import/<upload_id>", view_func=confirm_import, methods=["POST"])
desk.add_url_rule("/companies/import/<upload_id>/discard", view_func=discard_import, methods=["POST"])
desk.add_url_rule("/companies/doubles", view_func=show_doubles)
desk.add_url_rule("/companies/<int:company_id>/apart/<int:other_id>", view_func=dismiss_suspected, methods=["POST"])
desk.add_url_rule("/companies/<int:company_id>/apart/<int:other_id>/undo", view_func=undo_dismissal, methods=["POST"])
desk.add_url_rule("/companies/merges/<merge_id>/undo", view_func=undo_company_merge, methods=["POST"])
desk.add_url_rule(f"{_COMPANY}/merge/<int(max=2147483647):other_id>", view_func=show_merge)
desk.add_url_rule(f"{_COMPANY}/merge/<int(max=2147483647):other_id>", view_func=merge_company, methods=["POST"])
desk.add_url_rule(_COMPANY, view_func=show_company)
desk.add_url_rule(_COMPANY, view_func=save_company, methods=["POST"])
desk.add_url_rule(f"{_COMPANY}/contacts/new", view_func=show_new_contact)
desk.add_url_rule(f"{_COMPANY}/contacts/new", view_func=add_new_contact, methods=["POST"])
desk.add_url_rule(f"{_COMPANY}/contacts/<contact_id>", view_func=show_contact)
desk.add_url_rule(f"{_COMPANY}/contacts/<contact_id>", view_func=save_contact, methods=["POST"])
desk.add_url_rule(f"{_COMPANY}/contacts/<contact_id>/remove", view_func=delete_contact, methods=["POST"])
desk.add_url_rule(f"{_COMPANY}/contacts/<contact_id>/restore", view_func=undelete_contact, methods=["POST"])
desk.add_url_rule("/rounds/new", view_func=show_new_round)
desk.add_url_rule("/rounds/new", view_func=prepare_new_round, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/settings", view_func=show_settings)
desk.add_url_rule("/rounds/<slug>/settings", view_func=save_plan, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/settings/<step>", view_func=show_posted)
desk.add_url_rule("/rounds/<slug>/settings/schedule", view_func=schedule, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/settings/unschedule", view_func=unschedule, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/settings/extend", view_func=extend, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/settings/close", view_func=close, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/settings/reopen", view_func=reopen, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/settings/open-link", view_func=switch_link, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/settings/thresholds", view_func=save_thresholds, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/issues", view_func=show_issues)
desk.add_url_rule("/rounds/<slug>/questions", view_func=show_questions)
desk.add_url_rule("/rounds/<slug>/questions/<name>", view_func=show_question)
desk.add_url_rule("/rounds/<slug>/texts", view_func=show_texts)
desk.add_url_rule("/rounds/<slug>/notes", view_func=show_round_notes)
desk.add_url_rule("/rounds/<slug>/notes", view_func=add_note, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/notes/<note_id>/delete", view_func=delete_note, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/notes/<note_id>/undo", view_func=undelete_note, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/released", view_func=show_released)
desk.add_url_rule("/rounds/<slug>/release", view_func=request_release, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/disclosure", view_func=show_disclosure)
desk.add_url_rule("/rounds/<slug>/briefing", view_func=show_briefing)
desk.add_url_rule("/rounds/<slug>/briefing.pdf", view_func=send_briefing_pdf)
desk.add_url_rule("/rounds/<slug>/briefing.xlsx", view_func=send_briefing_workbook)
desk.add_url_rule("/rounds/<slug>/briefing.csv", view_func=send_briefing_csv)
desk.add_url_rule("/rounds/<slug>/progress", view_func=show_progress)
desk.add_url_rule("/rounds/<slug>/entry", view_func=show_entry)
desk.add_url_rule("/rounds/<slug>/entry", view_func=start_entry, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/invitations", view_func=show_invitations)
desk.add_url_rule("/rounds/<slug>/invitations/choose", view_func=show_choice)
desk.add_url_rule("/rounds/<slug>/invitations/choose", view_func=invite_chosen, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/invitations/letters.pdf", view_func=send_letters, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/invitations/links.csv", view_func=send_links, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/invitations/<invitation_id>", view_func=show_invitation)
desk.add_url_rule("/rounds/<slug>/invitations/<invitation_id>/link", view_func=show_fresh_link, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/invitations/<invitation_id>/revoke", view_func=revoke_invitation, methods=["POST"])
desk.add_url_rule(
    "/rounds/<slug>/invitations/<invitation_id>/reinstate", view_func=reinstate_invitation, methods=["POST"]
)
desk.add_url_rule("/rounds/<slug>/codebook", view_func=show_codebook)
desk.add_url_rule("/rounds/<slug>/codebook/<form>", view_func=send_codebook)
desk.add_url_rule("/rounds/<slug>/export/file", view_func=make_file, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/export/files/<job_id>", view_func=fetch_export)
desk.add_url_rule("/rounds/<slug>/export", view_func=show_export)
desk.add_url_rule("/rounds/<slug>/export/raw.csv", view_func=send_raw)
desk.add_url_rule("/rounds/<slug>/export/ministry.csv", view_func=send_ministry)
desk.add_url_rule("/rounds/<slug>/export/identified.csv", view_func=send_identified, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/privacy", view_func=show_round_privacy)
desk.add_url_rule("/rounds/<slug>/privacy", view_func=save_retention, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/privacy/purge", view_func=purge_now, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/mailings", view_func=show_mailings)
desk.add_url_rule("/rounds/<slug>/mailings", view_func=add_mailing, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/mailings/log", view_func=show_mail_log)
desk.add_url_rule("/rounds/<slug>/mailings/log", view_func=decide_mail, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/mailings/reports", view_func=show_delivery_reports)
desk.add_url_rule("/rounds/<slug>/mailings/reports", view_func=import_delivery_reports, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/mailings/opt-outs", view_func=show_opt_outs)
desk.add_url_rule("/rounds/<slug>/mailings/opt-outs", view_func=change_opt_outs, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/mailings/<mailing_id>", view_func=show_mailing)
desk.add_url_rule("/rounds/<slug>/mailings/<mailing_id>", view_func=save_mailing, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/mailings/<mailing_id>/mail.html", view_func=show_mail_html)
desk.add_url_rule("/rounds/<slug>/mailings/<mailing_id>/recipients", view_func=show_recipients)
desk.add_url_rule("/rounds/<slug>/mailings/<mailing_id>/recipients", view_func=send_mailing, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/mailings/<mailing_id>/progress", view_func=show_mailing_counts)
desk.add_url_rule("/rounds/<slug>/mailings/<mailing_id>/stop", view_func=stop_sending, methods=["POST"])
desk.add_url_rule("/rounds/<slug>/mailings/<mailing_id>/resume", view_func=resume_sending, methods=["POST"])
