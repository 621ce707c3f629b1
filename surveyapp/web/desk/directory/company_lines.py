"""A company in one line: its names, and what is known of it in words."""

from __future__ import annotations

from flask import url_for

from surveyapp.fieldwork.directory.business_numbers import show_business_number
from surveyapp.fieldwork.directory.companies import Company
from surveyapp.fieldwork.directory.entries import EntryChoices
from surveyapp.reports.directory_words import name_choice, name_membership
from surveyapp.reports.words import Words
from surveyapp.web.desk.directory.pages import CompanyLine
from surveyapp.web.desk.directory.surroundings import list_names, name_company


def write_company_line(words: Words, choices: EntryChoices, company: Company, *, contacts: int = 0) -> CompanyLine:
    names = list_names(company)
    return CompanyLine(
        url=url_for("desk.show_company", company_id=company.company_id),
        name=name_company(company),
        language=names[0].language if names else words.language,
        other_names=names[1:],
        business_number=show_business_number(company.business_number) if company.business_number else "",
        size=name_choice(words, choices.sizes, company.size),
        main_business=name_choice(words, choices.main_businesses, company.main_business),
        membership=name_membership(words, company.membership),
        contacts=words.number(contacts),
        is_sample=company.is_sample,
    )
