"""The desk: what staff see. Every address of it is named here."""

from __future__ import annotations

from flask import Blueprint

from surveyapp.web.desk.audit_page import show_audit
from surveyapp.web.desk.exports import send_identified, send_ministry, send_raw, show_export
from surveyapp.web.desk.home import show_home
from surveyapp.web.desk.issues_page import show_issues
from surveyapp.web.desk.questions_page import show_question, show_questions
from surveyapp.web.desk.released_page import show_released
from surveyapp.web.desk.texts_page import show_texts

desk = Blueprint("desk", __name__, url_prefix="/desk")

desk.add_url_rule("/", view_func=show_home)
desk.add_url_rule("/audit", view_func=show_audit)
desk.add_url_rule("/rounds/<slug>/issues", view_func=show_issues)
desk.add_url_rule("/rounds/<slug>/questions", view_func=show_questions)
desk.add_url_rule("/rounds/<slug>/questions/<name>", view_func=show_question)
desk.add_url_rule("/rounds/<slug>/texts", view_func=show_texts)
desk.add_url_rule("/rounds/<slug>/released", view_func=show_released)
desk.add_url_rule("/rounds/<slug>/export", view_func=show_export)
desk.add_url_rule("/rounds/<slug>/export/raw.csv", view_func=send_raw)
desk.add_url_rule("/rounds/<slug>/export/ministry.csv", view_func=send_ministry)
desk.add_url_rule("/rounds/<slug>/export/identified.csv", view_func=send_identified, methods=["POST"])
