"""The list of companies: searched, filtered, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask_babel import gettext as _

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.directory.columns import MEMBERSHIPS
from surveyapp.fieldwork.directory.entries import EntryChoices
from surveyapp.fieldwork.directory.search import NOT_GIVEN, CompanyFilter, find_companies
from surveyapp.questionnaire.model import Choice
from surveyapp.reports.directory_words import name_column, name_membership
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.desk.directory.company_lines import write_company_line
from surveyapp.web.desk.directory.import_page import take_import_notice
from surveyapp.web.desk.directory.pages import ChosenField, CompaniesPage
from surveyapp.web.desk.directory.surroundings import find_choices, take_notice
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.surroundings import build_desk_frame, find_words
from surveyapp.web.frame import Link
from surveyapp.web.installation import find_installation

LINES = 50
_LONGEST_SEARCH = 200
_LAST_PAGE = 100_000


@allow(MANAGER)
def show_companies() -> str:
    installation = find_installation()
    words, choices = find_words(), find_choices()
    wanted, place = read_filter(choices), _read_page()
    with installation.database.read() as connection:
        found = find_companies(
            connection,
            installation.vault,
            installation.settings.survey_id,
            wanted,
            limit=LINES,
            offset=(place - 1) * LINES,
        )
    pages = max(1, -(-found.total // LINES))
    page = CompaniesPage(
        frame=build_desk_frame(),
        action=url_for("desk.show_companies"),
        words=wanted.words,
        filters=_build_filters(words, choices, wanted),
        is_filtered=wanted != CompanyFilter(),
        clear_url=url_for("desk.show_companies"),
        summary=words.ngettext("%(n)s company", "%(n)s companies", found.total),
        lines=tuple(
            write_company_line(words, choices, company, contacts=found.contacts.get(company.company_id, 0))
            for company in found.companies
        ),
        previous_url=_link_page(place - 1) if place > 1 else "",
        next_url=_link_page(place + 1) if place < pages else "",
        place=_("Page %(place)s of %(pages)s", place=words.number(place), pages=words.number(pages)),
        new_url=url_for("desk.show_new_company"),
        ways=(
            Link(url_for("desk.show_upload"), _("Import")),
            Link(url_for("desk.show_company_export"), _("Export")),
            Link(url_for("desk.show_doubles"), _("Suspected doubles")),
        ),
        notice=take_import_notice() or take_notice(),
    )
    return render_template("desk/directory/companies.html", page=page)


def read_filter(choices: EntryChoices) -> CompanyFilter:
    """What the address asks for. Raises `FilterUnknown`."""
    return CompanyFilter(
        words=" ".join(request.args.get("q", "").split())[:_LONGEST_SEARCH],
        sizes=_read_values("size", [choice.name for choice in choices.sizes]),
        main_businesses=_read_values("main_business", [choice.name for choice in choices.main_businesses]),
        memberships=_read_values("membership", MEMBERSHIPS),
    )


def _read_values(name: str, known: Sequence[str]) -> tuple[str, ...]:
    values = tuple(value for value in request.args.getlist(name) if value)
    for value in values:
        if value != NOT_GIVEN and value not in known:
            raise FilterUnknown(name, value)
    return values


def _read_page() -> int:
    given = request.args.get("page", "1")
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= _LAST_PAGE):
        raise FilterUnknown("page", given)
    return int(given)


def _link_page(place: int) -> str:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "page" and value]
    return f"{url_for('desk.show_companies')}?{urlencode([*kept, ('page', place)])}"


def _build_filters(words: Words, choices: EntryChoices, wanted: CompanyFilter) -> tuple[ChosenField, ...]:
    def build(name: str, label: str, options: Sequence[tuple[str, str]], chosen: tuple[str, ...]) -> ChosenField:
        listed = [("", _("All")), *options]
        return ChosenField(name, label, tuple(FilterOption(v, text, v in chosen) for v, text in listed), "")

    def label(options: tuple[Choice, ...]) -> list[tuple[str, str]]:
        return [*((choice.name, words.text(choice.label)) for choice in options), (NOT_GIVEN, _("Not known"))]

    memberships = [(membership, name_membership(words, membership)) for membership in MEMBERSHIPS]
    return (
        build("size", name_column(words, "size"), label(choices.sizes), wanted.sizes),
        build(
            "main_business", name_column(words, "main_business"), label(choices.main_businesses), wanted.main_businesses
        ),
        build("membership", name_column(words, "membership"), memberships, wanted.memberships),
    )
