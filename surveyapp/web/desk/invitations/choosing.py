"""Which companies of a list are looked at: the filters in the address, their fields, and one page of many lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.directory.columns import MEMBERSHIP_LABELS, MEMBERSHIPS
from surveyapp.fieldwork.directory.companies import Company
from surveyapp.fieldwork.directory.search import NOT_GIVEN, CompanyFilter
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.web.desk.invitations.pages import CompanyFilters, FilterSelect, Pager
from surveyapp.web.desk.pages import Field, FilterOption
from surveyapp.web.desk.surroundings import find_words

LINES = 100  # of one page
MOST_WORDS = 200  # characters of a search
_SIZE, _BUSINESS, _MEMBERSHIP, _WORDS, _PAGE = "size", "business", "membership", "q", "page"
Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address or the form narrows the list to. `further` are parameters that the page itself knows."""

    wanted: CompanyFilter
    further: Mapping[str, str]
    page: int

    @property
    def given(self) -> dict[str, str]:
        """The parameters in use, without the page."""
        wanted = self.wanted
        named = {
            _WORDS: wanted.words,
            _SIZE: "".join(wanted.sizes),
            _BUSINESS: "".join(wanted.main_businesses),
            _MEMBERSHIP: "".join(wanted.memberships),
            **self.further,
        }
        return {name: value for name, value in named.items() if value}

    def list_fields(self) -> tuple[Field, ...]:
        """The same for a form that carries them along."""
        return tuple(Field(name, value) for name, value in self.given.items())

    def find_url(self, path: str, **changed: str) -> str:
        pairs = {**self.given, **changed}
        query = urlencode({name: value for name, value in pairs.items() if value})
        return f"{path}?{query}" if query else path


def read_chosen(questionnaire: Questionnaire, *further: str) -> Chosen:
    """What was asked for, of the address or of a posted form. Raises FilterUnknown for a value that means nothing."""
    values = request.form if request.method == "POST" else request.args
    sizes, businesses = _list_choices(questionnaire, "company_size"), _list_choices(questionnaire, "company_type")

    def read(name: str, known: Mapping[str, str]) -> tuple[str, ...]:
        value = values.get(name, "")
        if value and value not in known:
            raise FilterUnknown(name, value)
        return (value,) if value else ()

    page = values.get(_PAGE, "1")
    if not (page.isascii() and page.isdigit() and 0 < len(page) < 6):
        raise FilterUnknown(_PAGE, page)
    wanted = CompanyFilter(
        words=" ".join(values.get(_WORDS, "").split())[:MOST_WORDS],
        sizes=read(_SIZE, {**sizes, NOT_GIVEN: ""}),
        main_businesses=read(_BUSINESS, {**businesses, NOT_GIVEN: ""}),
        memberships=read(_MEMBERSHIP, dict.fromkeys(MEMBERSHIPS, "")),
    )
    return Chosen(wanted, {name: values.get(name, "") for name in further}, max(1, int(page)))


def build_filters(questionnaire: Questionnaire, chosen: Chosen, path: str) -> CompanyFilters:
    words, wanted = find_words(), chosen.wanted
    not_given = {NOT_GIVEN: _("Not given")}
    memberships = {name: words.text(label) for name, label in MEMBERSHIP_LABELS.items()}
    businesses = {**_list_choices(questionnaire, "company_type"), **not_given}
    selects = (
        (_SIZE, _("Employees"), {**_list_choices(questionnaire, "company_size"), **not_given}, wanted.sizes),
        (_BUSINESS, _("Business"), businesses, wanted.main_businesses),
        (_MEMBERSHIP, _("Membership"), memberships, wanted.memberships),
    )
    own = {_WORDS, _SIZE, _BUSINESS, _MEMBERSHIP}
    return CompanyFilters(
        action=path,
        kept=tuple(field for field in chosen.list_fields() if field.name not in own),
        words=wanted.words,
        selects=tuple(
            FilterSelect(
                name,
                label,
                (
                    FilterOption("", _("All"), not values),
                    *(FilterOption(value, text, value in values) for value, text in known.items()),
                ),
            )
            for name, label, known, values in selects
        ),
        clear_url=path if chosen.given else "",
    )


def cut_page(lines: Sequence[Line], chosen: Chosen, path: str) -> tuple[Sequence[Line], Pager]:
    """The lines of the page that was asked for; the last one where it lies beyond."""
    last = max(1, -(-len(lines) // LINES))
    page = min(chosen.page, last)
    start = (page - 1) * LINES
    shown = lines[start : start + LINES]
    words = find_words()
    text = _(
        "%(first)s to %(last)s of %(all)s",
        first=words.number(start + 1 if lines else 0),
        last=words.number(start + len(shown)),
        all=words.number(len(lines)),
    )
    return shown, Pager(
        text,
        chosen.find_url(path, page=str(page - 1)) if page > 1 else "",
        chosen.find_url(path, page=str(page + 1)) if page < last else "",
    )


def describe_company(questionnaire: Questionnaire, company: Company) -> str:
    """Size, business and membership, as far as they are known."""
    words = find_words()
    known = (
        _list_choices(questionnaire, "company_type").get(company.main_business or "", ""),
        _list_choices(questionnaire, "company_size").get(company.size or "", ""),
        "" if company.membership == "unknown" else words.text(MEMBERSHIP_LABELS[company.membership]),
    )
    return words.join(each for each in known if each)


def _list_choices(questionnaire: Questionnaire, name: str) -> dict[str, str]:
    question = questionnaire.by_name.get(name)
    if question is None:
        return {}
    return {choice.name: find_words().text(choice.label) for choice in question.choices}
