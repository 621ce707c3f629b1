"""Names of companies as they are compared and searched: one spelling for all that mean the same.

A folded name has lost what people write differently for one company: width and case (NFKC, casefold), hiragana for
katakana, blanks and punctuation, and the signs of legal form (주식회사, ㈜, Co., Ltd., 株式会社). What is searched
holds every name folded, and each Korean one by its initial consonants as well, so that ㅎㅂㅂㅇ finds 한빛바이오.

What is searched is kept in `company.search_words`; where these rules change, `refresh_search_words` writes it anew.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from surveyapp.questionnaire.model import LANGUAGES, Language, Text

# As they stand after NFKC and casefold: ㈜ is (주), ㈲ is (유), ㈱ is (株), ㍿ is 株式会社.
_LEGAL_FORM = re.compile(
    r"주식회사|유한책임회사|유한회사|합자회사|합명회사|(?:사단|재단|의료|학교)법인|농업회사법인"
    r"|\((?:주|유|사|재|합|株|有|財|社)\)"
    r"|株式(?:会社|會社)|有限(?:会社|會社)|合同会社|合資会社|合名会社|(?:一般|公益)?(?:社団|財団)法人"
    r"|(?<![a-z0-9])(?:co(?:mpany)?\s*\.?\s*,?\s*(?:ltd|limited|inc)|co(?=\s*[.,]|\s*$)|company|corp(?:oration)?"
    r"|inc(?:orporated)?|ltd|limited|llc|l\.l\.c|plc|gmbh|k\.?k|kabushiki\s+kaisha)(?![a-z0-9])\.?"
)
_NO_LETTER = re.compile(r"[\W_]+")
_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_FIRST_SYLLABLE, _LAST_SYLLABLE = ord("가"), ord("힣")
_FIRST_CONSONANT = 0x1100  # ㄱ as NFKC writes it, whether it was typed by keyboard or taken from a syllable
_SYLLABLES_A_CONSONANT = 588


def fold_name(name: str) -> str:
    """`name` as it is compared; a name that is nothing but a sign of legal form keeps it."""
    if not name:
        return ""
    unified = _unify(name)
    return _drop_signs(_LEGAL_FORM.sub(" ", unified)) or _drop_signs(unified)


def strip_legal_form(name: str) -> str:
    """`name` in one width and case, without signs of legal form; one that is nothing but such a sign keeps it."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return _LEGAL_FORM.sub(" ", plain).strip() or plain


def take_initials(folded: str) -> str:
    """The initial consonants of the Korean syllables, other characters as they are; blank without a syllable."""
    initials = "".join(_take_initial(character) for character in folded)
    return "" if initials == folded else initials


def build_search_words(names: Iterable[Text]) -> str:
    """What is kept to be searched: a line for each spelling, each of them once."""
    folded = [fold_name(name.in_language(language)) for name in names for language in LANGUAGES]
    initials = [take_initials(each) for each in folded]
    return "\n".join(dict.fromkeys(each for each in (*folded, *initials) if each))


def split_search(typed: str) -> tuple[str, ...]:
    """The words of a search, folded like names. All of them have to be found; blank where nothing is asked for."""
    words = _LEGAL_FORM.sub(" ", _unify(typed)).split()
    return tuple(dict.fromkeys(word for word in map(_drop_signs, words) if word))


def _unify(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).translate(_TO_KATAKANA)


def _drop_signs(unified: str) -> str:
    return _NO_LETTER.sub("", unified)


def _take_initial(character: str) -> str:
    code = ord(character)
    if not _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
        return character
    return chr(_FIRST_CONSONANT + (code - _FIRST_SYLLABLE) // _SYLLABLES_A_CONSONANT)


def choose_name(name: Text, language: Language) -> str:
    """The name in this language, or in the first one in which the directory has it."""
    return name.in_language(find_name_language(name, language))


def find_name_language(name: Text, language: Language) -> Language:
    """The language that `choose_name` takes the name in."""
    return next((each for each in (language, *LANGUAGES) if name.in_language(each)), language)
