"""The details of an audited event in the reader's language, and times in Seoul."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from surveyapp.questionnaire.model import Text
from surveyapp.records.audit import Detail
from surveyapp.reports.words import Words
from surveyapp.web.desk.jobs.words import name_kind
from surveyapp.web.desk.privacy.words import name_data
from surveyapp.web.frame import LANGUAGE_NAMES

_MOMENTS = frozenset({"opens_at", "closes_at"})
# Names of returns and companies, which take no thousands separator.
_NUMBERS_OF_THINGS = frozenset({"after", "company", "merged", "number", "other"})
_TITLED = frozenset({"issue", "sections"})  # hold names of issues, sections and pages, with commas between several


def describe_details(words: Words, details: Mapping[str, Detail], titles: Mapping[str, Text]) -> str:
    """What the trail holds of an event; a name that is not known here or in `titles` stands as it is."""
    return words.join_clauses(
        words.pair(name_detail(words, name), _write_value(words, name, value, titles))
        for name, value in details.items()
        if value is not None
    )


def name_detail(words: Words, name: str) -> str:
    return {
        "bounced": words.gettext("Mails marked as come back"),
        "account": words.gettext("Account"),
        "address": words.gettext("Network address"),
        "after": words.gettext("After return number"),
        "audience": words.gettext("Released for"),
        "closes_at": words.gettext("Closes"),
        "companies": words.gettext("Companies erased"),
        "company": words.gettext("Company ID"),
        "contacts": words.gettext("Contacts"),
        "merged": words.gettext("Company joined to it"),
        "other": words.gettext("The other company"),
        "added": words.gettext("New"),
        "changed": words.gettext("Changed"),
        "unchanged": words.gettext("Unchanged"),
        "listed": words.gettext("Companies in the file"),
        "consent_by": words.gettext("Consent taken by"),
        "consent_on": words.gettext("Consent given on"),
        "counted": words.gettext("Counted returns"),
        "data": words.gettext("Kind of data"),
        "erased": words.gettext("Entries erased"),
        "until": words.gettext("Kept until"),
        "without_date": words.gettext("Kept without a date"),
        "drafts": words.gettext("Drafts erased"),
        "figure": words.gettext("Figure"),
        "file": words.gettext("File"),
        "files": words.gettext("Files"),
        "filters": words.gettext("Filter"),
        "invited": words.gettext("Companies invited"),
        "invitations": words.gettext("Invitations erased"),
        "format": words.gettext("Format"),
        "group_base": words.gettext("Companies in a group"),
        "group_count": words.gettext("Answers in a group"),
        "issue": words.gettext("Issue"),
        "job": words.gettext("Job number"),
        "job_kind": words.gettext("Kind of job"),
        "kind": words.gettext("What the file holds"),
        "labels": words.gettext("Labels instead of codes"),
        "language": words.gettext("Language"),
        "layout": words.gettext("Layout"),
        "left_out": words.gettext("Returns left out"),
        "links": words.gettext("Links"),
        "mailing_kind": words.gettext("Mailing"),
        "messages": words.gettext("Mails"),
        "note": words.gettext("Note number"),
        "mode": words.gettext("How the answers came"),
        "number": words.gettext("Return number"),
        "open_link": words.gettext("Open link"),
        "opens_at": words.gettext("Opens"),
        "question": words.gettext("Question"),
        "reason": words.gettext("Reason"),
        "refusals": words.gettext("Refusals erased"),
        "responses": words.gettext("Responses erased"),
        "revision": words.gettext("Data revision"),
        "role": words.gettext("Role"),
        "round_base": words.gettext("Companies in the round"),
        "round_count": words.gettext("Answers in the round"),
        "rows": words.gettext("Rows"),
        "sections": words.gettext("Parts of the survey"),
        "sha256": words.gettext("Checksum (SHA-256)"),
        "texts": words.gettext("Texts shown"),
        "to": words.gettext("Copied to"),
    }.get(name, name)


def _write_value(words: Words, name: str, value: str | int | bool, titles: Mapping[str, Text]) -> str:
    if isinstance(value, bool):
        return words.gettext("Yes") if value else words.gettext("No")
    if isinstance(value, int):
        return str(value) if name in _NUMBERS_OF_THINGS else words.number(value)
    if name == "job_kind":
        return name_kind(words, value)
    if name == "data":
        return name_data(words, value)
    if name in _MOMENTS:
        return _write_moment(words, value)
    if name in _TITLED:
        return words.join(words.text(titles[one]) if one in titles else one for one in value.split(", "))
    if name == "changed":
        return words.join(_name_plan_part(words, part) for part in value.split())
    return _name_value(words, name).get(value, value)


def _name_plan_part(words: Words, part: str) -> str:
    """A part of a round in preparation; a placeholder that is not known here is called by its name."""
    return {
        "closes_at": words.gettext("Closes"),
        "kind": words.gettext("Kind of round"),
        "open_link": words.gettext("Open link"),
        "opens_at": words.gettext("Opens"),
        "operator": words.gettext("Who conducts the survey"),
        "privacy_contact": words.gettext("Contact for the survey and personal data"),
        "questionnaire_version": words.gettext("Questionnaire version"),
        "retention_contact": words.gettext("How long contact details are kept"),
        "retention_text": words.gettext("How long answers are kept"),
        "slug": words.gettext("Short name in the address"),
        "title": words.gettext("Title"),
    }.get(part, part)


def _write_moment(words: Words, value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return value if moment.tzinfo is None else words.time(moment)


def _name_value(words: Words, name: str) -> Mapping[str, str]:
    """Words for the values of a detail whose values are codes."""
    match name:
        case "audience":
            return {
                "japan": words.gettext("Japan"),
                "ministry": words.gettext("Ministry (MFDS)"),
                "public": words.gettext("Public"),
            }
        case "kind":
            return {
                "briefing": words.gettext("Briefing for the ministry"),
                "deidentified": words.gettext("De-identified answers"),
                "identified": words.gettext("Identified answers"),
                "ministry": words.gettext("Ministry table of issues"),
                "paradata": words.gettext("Paradata"),
                "raw": words.gettext("Raw answers"),
            }
        case "format":
            return {
                "csv": words.gettext("CSV for spreadsheets"),
                "csv-plain": words.gettext("CSV for R and Python"),
                "parquet": "Parquet",
                "pdf": "PDF",
                "sav": "SPSS (.sav)",
                "xlsx": words.gettext("Excel workbook (XLSX)"),
            }
        case "layout":
            return {
                "long": words.gettext("Long: one row an answer"),
                "wide": words.gettext("Wide: one row a return"),
            }
        case "mailing_kind":
            return {"invitation": words.gettext("Invitation"), "reminder": words.gettext("Reminder")}
        case "language":
            return {language: own for language, own in LANGUAGE_NAMES.items()}  # noqa: C416 - keys become plain words
        case "mode":
            return {"phone": words.gettext("By telephone"), "paper": words.gettext("On paper")}
        case "role":
            return {
                "viewer": words.gettext("Viewer"),
                "analyst": words.gettext("Analyst"),
                "manager": words.gettext("Manager"),
                "admin": words.gettext("Administrator"),
            }
        case _:
            return {}
