"""Entries of the directory that may be one company: the same name in any script, the same address of a contact, or
names that are one letter apart.

One letter apart is a letter that is missing, too many, another one, or in its neighbour's place (F. J. Damerau, CACM 7,
1964). Korean syllables and voiced kana are taken apart first (NFD), so that 한빛 and 한빗 differ in one letter. Two
such names give the same word when one letter is left out of each, so that only names that share such a word are
compared (M. Mor and A. S. Fraenkel, CACM 25, 1982): ten thousand names take a second or two.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, and_, select

from surveyapp.fieldwork.directory.companies import Company, list_companies
from surveyapp.fieldwork.directory.dismissing import list_dismissed_pairs
from surveyapp.fieldwork.directory.import_rows import list_name_keys
from surveyapp.questionnaire.model import LANGUAGES
from surveyapp.records.tables import company_contact, confidential

DoubleReason = Literal["same_name", "same_address", "near_name"]
REASONS: tuple[DoubleReason, ...] = ("same_name", "same_address", "near_name")
LEAST_LETTERS = 8  # of names that are compared: among shorter ones, one letter makes another company
_MOST_HOLDERS = 20  # an address that so many companies have is a consultant's, and tells nothing

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SuspectedDouble:
    """Two entries, the older one first, and why they may be one."""

    first: Company
    second: Company
    reasons: tuple[DoubleReason, ...]

    @property
    def has_two_numbers(self) -> bool:
        return None not in (self.first.business_number, self.second.business_number)


def find_doubles(connection: Connection, survey_id: str) -> tuple[SuspectedDouble, ...]:
    """Suspected pairs, the strongest reasons first; of more than two that are alike, each beside the oldest.

    A pair of which somebody said that they are two companies is left out.

    Fictional companies are never suspected. Two business numbers are two companies to the tax office: such a pair needs
    more than a name that is nearly alike.
    """
    companies = {each.company_id: each for each in list_companies(connection, survey_id) if not each.is_sample}
    reasons: dict[Pair, set[DoubleReason]] = defaultdict(set)
    for pair in _find_same_names(companies.values()):
        reasons[pair].add("same_name")
    for pair in _find_same_addresses(connection, survey_id, companies):
        reasons[pair].add("same_address")
    for pair in find_near_names(companies.values()):
        numbers = (companies[pair[0]].business_number, companies[pair[1]].business_number)
        if "same_name" not in reasons.get(pair, ()) and (None in numbers or pair in reasons):
            reasons[pair].add("near_name")
    dismissed = list_dismissed_pairs(connection, survey_id)
    found = (
        SuspectedDouble(companies[first], companies[second], tuple(each for each in REASONS if each in why))
        for (first, second), why in reasons.items()
        if (first, second) not in dismissed
    )
    return tuple(sorted(found, key=_rate))


def are_one_apart(one: str, other: str) -> bool:
    """Whether one letter that is missing, too many, another or in its neighbour's place makes one of the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    least = min(len(one), len(other))
    start = next((place for place in range(least) if one[place] != other[place]), least)
    one, other = one[start:], other[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    is_swap = len(one) == len(other) == 2 and one == other[::-1]
    return is_swap or max(len(one), len(other)) <= 1


def find_near_names(companies: Iterable[Company]) -> Iterator[Pair]:
    """Pairs of companies with names in one language that are one letter apart; a pair may come more than once.

    A digit is no letter: 1공장 and 2공장 are two.
    """
    holders: dict[tuple[str, str], set[int]] = defaultdict(set)
    for company in companies:
        for language, folded in list_name_keys(company.name):
            holders[language, unicodedata.normalize("NFD", folded)].add(company.company_id)
    for language in LANGUAGES:
        names = [name for of_language, name in holders if of_language == language and len(name) >= LEAST_LETTERS]
        for one, other in _pair_names(names):
            for first in holders[language, one]:
                for second in holders[language, other] - {first}:
                    yield min(first, second), max(first, second)


def _pair_names(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    shortened: dict[str, list[str]] = defaultdict(list)
    for name in names:
        words = dict.fromkeys([name, *(name[:place] + name[place + 1 :] for place in range(len(name)))])
        met = dict.fromkeys(other for word in words for other in shortened.get(word, ()))
        for other in met:
            if are_one_apart(name, other) and _take_digits(name) == _take_digits(other):
                yield other, name
        for word in words:
            shortened[word].append(name)


def _take_digits(name: str) -> str:
    return "".join(letter for letter in name if letter.isdigit())


def _find_same_names(companies: Iterable[Company]) -> Iterator[Pair]:
    holders: dict[tuple[str, str], set[int]] = defaultdict(set)
    for company in companies:
        for key in list_name_keys(company.name):
            holders[key].add(company.company_id)
    for company_ids in holders.values():
        yield from _pair_with_oldest(company_ids)


def _find_same_addresses(connection: Connection, survey_id: str, companies: dict[int, Company]) -> Iterator[Pair]:
    of_sealed = and_(
        confidential.c.survey_id == company_contact.c.survey_id, confidential.c.link == company_contact.c.sealed_link
    )
    rows = connection.execute(
        select(company_contact.c.company_id, confidential.c.lookup)
        .select_from(company_contact.join(confidential, of_sealed))
        .where(company_contact.c.survey_id == survey_id, confidential.c.lookup.is_not(None))
    )
    holders: dict[bytes, set[int]] = defaultdict(set)
    for company_id, lookup in rows:
        if company_id in companies:
            holders[bytes(lookup)].add(company_id)
    for company_ids in holders.values():
        if len(company_ids) <= _MOST_HOLDERS:
            yield from _pair_with_oldest(company_ids)


def _pair_with_oldest(company_ids: Iterable[int]) -> Iterator[Pair]:
    oldest, *others = sorted(company_ids)
    return ((oldest, other) for other in others)


def _rate(double: SuspectedDouble) -> tuple[int, int, int]:
    return REASONS.index(double.reasons[0]), double.first.company_id, double.second.company_id
