"""What somebody typed about a company or a contact, in a form or a file, and what is wrong with it.

One reading for both, so that a file can hold nothing that a form would refuse. A reading never raises: it returns what
could be read, and a fault for each column whose words cannot be kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from surveyapp.fieldwork.directory.addresses import read_address
from surveyapp.fieldwork.directory.business_numbers import read_business_number
from surveyapp.fieldwork.directory.columns import (
    CONTACT_COLUMNS,
    MEMBERSHIP_LABELS,
    MEMBERSHIPS,
    MOST_CHARACTERS,
    NAME_COLUMNS,
    Column,
    Membership,
)
from surveyapp.fieldwork.directory.companies import CompanyFields
from surveyapp.fieldwork.directory.contacts import ContactFields
from surveyapp.questionnaire.model import LANGUAGES, Choice, Language, Questionnaire, Text

EntryProblem = Literal[
    "business_number",
    "choice",
    "control",
    "email",
    "formula",
    "language",
    "membership",
    "no_name",
    "too_long",
    "unreachable",
    "yes_no",
]
# Format characters that say nothing in a name and come along when something is copied; all others are refused.
_DROPPED = dict.fromkeys(map(ord, "\u00ad\u200b\ufeff\u2060"))
_NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS = frozenset("\u200c\u200d")
_FORMULA = re.compile(r"[=＝]|#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)\Z")
_SAFE_TEXT = re.compile(r"'(?=\s*[=+\-@＝＋－＠'])")  # an apostrophe that our own files put in front
_SQUEEZED = re.compile(r"[\s,，]|[~〜～–—-]")
_BLANKS = frozenset({"-", "–", "—", "―", "ー", "n/a", "해당없음", "해당 없음", "없음", "미상"})
_HEADCOUNT = re.compile(r"(?:약\s*)?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)\s*(?:명|인|人|名)?")
_MEMBERSHIP_WORDS: Mapping[Membership, tuple[str, ...]] = {
    "member": ("회원", "정회원", "정회원사", "정", "正会員", "full member", "yes", "y", "o", "○"),
    "associate": ("준회원", "준", "특별회원", "특별회원사", "准会員", "賛助会員"),
    "none": ("비회원", "미가입", "아니오", "非会員社", "no", "n", "x", "×", "nonmember", "non-member"),
    "unknown": ("모름", "미상", "unknown", "?"),
}
_LANGUAGE_WORDS: Mapping[Language, tuple[str, ...]] = {
    "ko": ("ko", "kr", "kor", "한국어", "국문", "한글", "korean", "韓国語"),
    "en": ("en", "eng", "영어", "영문", "english", "英語"),
    "ja": ("ja", "jp", "jpn", "일본어", "일문", "일어", "japanese", "日本語"),
}
_YES = frozenset({"1", "y", "yes", "예", "네", "o", "○", "true", "거부", "수신거부", "はい", "不要", "✓", "v"})
_NO = frozenset({"0", "n", "no", "아니오", "아니요", "x", "×", "false", "동의", "수신", "いいえ", "可"})


@dataclass(frozen=True, slots=True)
class EntryFault:
    """Why the words of a column cannot be kept. `shown` is what they were, where that helps to find them."""

    column: Column
    problem: EntryProblem
    shown: str = ""


@dataclass(frozen=True, slots=True)
class EntryChoices:
    """The choices that a company's size and main business are of, from the questionnaire."""

    sizes: tuple[Choice, ...]
    main_businesses: tuple[Choice, ...]


def find_entry_choices(questionnaire: Questionnaire) -> EntryChoices:
    return EntryChoices(questionnaire.choice_lists["company_size"], questionnaire.choice_lists["company_type"])


def read_company_fields(
    typed: Mapping[Column, str], choices: EntryChoices
) -> tuple[CompanyFields, tuple[EntryFault, ...]]:
    """A company as it was typed; a column that is missing is blank."""
    faults: list[EntryFault] = []
    names = [_read_words(typed, column, faults) for column in NAME_COLUMNS]
    if not any(clean_words(typed.get(column, "")) for column in NAME_COLUMNS):
        faults.append(EntryFault("name_ko", "no_name"))
    fields = CompanyFields(
        name=Text(*names),
        business_number=_read_number(typed, faults),
        size=_read_size(typed, choices.sizes, faults),
        main_business=_read_choice(typed, "main_business", choices.main_businesses, faults),
        membership=_read_membership(typed, faults) or "unknown",
    )
    return fields, tuple(faults)


def read_contact_fields(typed: Mapping[Column, str]) -> tuple[ContactFields | None, tuple[EntryFault, ...]]:
    """A contact as it was typed; None where every column is blank. Without address and telephone it is at fault."""
    if not any(clean_words(typed.get(column, "")) for column in CONTACT_COLUMNS if column != "contact_language"):
        return None, ()
    faults: list[EntryFault] = []
    fields = ContactFields(
        name=_read_words(typed, "contact_name", faults),
        email=_read_email(typed, faults),
        phone=_read_words(typed, "contact_phone", faults),
        department=_read_words(typed, "contact_department", faults),
        language=_read_language(typed, faults) or "ko",
    )
    if not any(clean_words(typed.get(column, "")) for column in ("contact_email", "contact_phone")):
        faults.append(EntryFault("contact_email", "unreachable"))
    return fields, tuple(faults)


def read_wants_no_mail(typed: Mapping[Column, str]) -> tuple[bool | None, tuple[EntryFault, ...]]:
    """Whether the contact wants no mail; None where nothing was said."""
    words = clean_words(typed.get("contact_no_mail", "")).casefold()
    if not words:
        return None, ()
    if words in _YES or words in _NO:
        return words in _YES, ()
    return None, (EntryFault("contact_no_mail", "yes_no", words),)


def clean_words(typed: str) -> str:
    """The words as they are kept: NFC, one blank between two of them, none of what stands for "blank" in lists."""
    if not typed:
        return ""
    plain = typed if typed.isascii() else unicodedata.normalize("NFC", typed.translate(_DROPPED))
    words = " ".join(plain.split())
    words = _SAFE_TEXT.sub("", words, count=1) if words.startswith("'") else words
    return "" if words.casefold() in _BLANKS else words


def name_unseen(words: str) -> str:
    """The first character that a page cannot show, as `U+0007`; blank where there is none.

    Invisible marks of direction and tags are among them: with them two names that look alike would differ.
    """
    if words.isprintable():
        return ""
    unseen = (one for one in words if unicodedata.category(one) in _NOT_SHOWN and one not in _JOINERS)
    first = next(unseen, "")
    return f"U+{ord(first):04X}" if first else ""


def _read_words(typed: Mapping[Column, str], column: Column, faults: list[EntryFault]) -> str:
    words = clean_words(typed.get(column, ""))
    unseen = name_unseen(words)
    if unseen:
        faults.append(EntryFault(column, "control", unseen))
    elif _FORMULA.match(words):
        faults.append(EntryFault(column, "formula", words[:40]))
    elif len(words) > MOST_CHARACTERS.get(column, 200):
        faults.append(EntryFault(column, "too_long", str(MOST_CHARACTERS.get(column, 200))))
    else:
        return words
    return ""


def _read_number(typed: Mapping[Column, str], faults: list[EntryFault]) -> str | None:
    words = _read_words(typed, "business_number", faults)
    number = read_business_number(words) if words else None
    if words and number is None:
        faults.append(EntryFault("business_number", "business_number", words[:40]))
    return number


def _read_email(typed: Mapping[Column, str], faults: list[EntryFault]) -> str:
    words = _read_words(typed, "contact_email", faults)
    address = read_address(words) if words else ""
    if address is None:
        faults.append(EntryFault("contact_email", "email", words[:80]))
    return address or ""


def _read_size(typed: Mapping[Column, str], sizes: Sequence[Choice], faults: list[EntryFault]) -> str | None:
    """The class of a company's size, from its name, its label or the number of employees itself."""
    words = unicodedata.normalize("NFKC", clean_words(typed.get("size", "")))
    headcount = _HEADCOUNT.fullmatch(words)
    if headcount is not None:
        found = find_size(int(headcount[1].replace(",", "")), sizes)
        if found is not None:
            return found
    return _read_choice(typed, "size", sizes, faults)


def find_size(employees: int, sizes: Sequence[Choice]) -> str | None:
    """The choice whose name says the range that `employees` is in: `e50_299`, `e1000p`."""
    for choice in sizes:
        bounds = re.fullmatch(r"e([0-9]+)(?:_([0-9]+)|p)", choice.name)
        if bounds and int(bounds[1]) <= max(employees, 1) <= int(bounds[2] or employees):
            return choice.name
    return None


def _read_choice(
    typed: Mapping[Column, str], column: Column, choices: Iterable[Choice], faults: list[EntryFault]
) -> str | None:
    words = _read_words(typed, column, faults)
    if not words:
        return None
    wanted = _squeeze(words)
    for choice in choices:
        labels = (choice.label.in_language(language) for language in LANGUAGES)
        if wanted in {_squeeze(choice.name), *map(_squeeze, labels)}:
            return choice.name
    faults.append(EntryFault(column, "choice", words[:40]))
    return None


def _read_membership(typed: Mapping[Column, str], faults: list[EntryFault]) -> Membership | None:
    words = _read_words(typed, "membership", faults)
    if not words:
        return None
    wanted = _squeeze(words)
    for membership in MEMBERSHIPS:
        label = MEMBERSHIP_LABELS[membership]
        spellings = (membership, label.ko, label.en, label.ja, *_MEMBERSHIP_WORDS[membership])
        if wanted in map(_squeeze, spellings):
            return membership
    faults.append(EntryFault("membership", "membership", words[:40]))
    return None


def _read_language(typed: Mapping[Column, str], faults: list[EntryFault]) -> Language | None:
    words = _read_words(typed, "contact_language", faults)
    if not words:
        return None
    wanted = _squeeze(words)
    for language, spellings in _LANGUAGE_WORDS.items():
        if wanted in spellings:
            return language
    faults.append(EntryFault("contact_language", "language", words[:40]))
    return None


@lru_cache(maxsize=1024)  # a list says the same few choices in every row
def _squeeze(words: str) -> str:
    """Words without case, width, blanks and the marks that people put between a range's ends in many ways."""
    return _SQUEEZED.sub("", unicodedata.normalize("NFKC", words)).casefold()
