"""What a company's consent allows: the one table, and the only code that reads the answers it rests on.

| attribution | quote       | analyst reads | gist to MFDS | word for word | name to MFDS |
|-------------|-------------|---------------|--------------|---------------|--------------|
| aggregate   | any         | yes           | no           | no            | no           |
| anonymous   | no or blank | yes           | yes          | no            | no           |
| anonymous   | yes         | yes           | yes          | yes           | no           |
| named       | no or blank | yes           | yes          | no            | yes          |
| named       | yes         | yes           | yes          | yes           | yes          |

A blank or unknown answer counts as the strictest one. Japan and the public never get a name, whatever is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from surveyapp.questionnaire.model import Answers, Stored

PARTICIPATION = "consent_participate"
_ATTRIBUTION = "attribution_level"
_QUOTE = "consent_quote"
_CONTACT = "consent_contact"
_THIRD_PARTY = "consent_third_party"
AGREED = "agree"
REFUSED = "disagree"

# What may be chosen, strictest first; a blank answer stands with the first.
_WIDTHS: Mapping[str, tuple[str, ...]] = {
    _QUOTE: (REFUSED, AGREED),
    _ATTRIBUTION: ("aggregate", "anonymous", "named"),
    _CONTACT: (REFUSED, AGREED),
    _THIRD_PARTY: (REFUSED, AGREED),
}
CONSENT_QUESTIONS = frozenset(_WIDTHS)
# With each of these goes what the company gave for it: its name, or whom to reach.
KEEPS_NAMES: Mapping[str, str] = {_ATTRIBUTION: _WIDTHS[_ATTRIBUTION][-1], _CONTACT: _WIDTHS[_CONTACT][-1]}
NARROWINGS = frozenset(choice for widths in _WIDTHS.values() for choice in widths[:-1])  # all but the widest
ALL_CONSENTS = (PARTICIPATION, *_WIDTHS)  # in which order they are asked


@dataclass(frozen=True, slots=True)
class TextUse:
    """What one return's free texts and name may be used for. That an analyst reads a text is logged."""

    analyst_reads: bool
    gist_to_ministry: bool
    word_for_word: bool  # after redaction
    company_name_to_ministry: bool


def decide_use(answers: Answers) -> TextUse:
    """What the answers of one return allow. They need hold no more than its compartment `answers`."""
    is_passed_on = answers.get(_ATTRIBUTION) in ("anonymous", "named")
    return TextUse(
        analyst_reads=True,
        gist_to_ministry=is_passed_on,
        word_for_word=is_passed_on and answers.get(_QUOTE) == AGREED,
        company_name_to_ministry=answers.get(_ATTRIBUTION) == "named",
    )


def has_agreed(answers: Mapping[str, Stored | None]) -> bool:
    """Whether the person takes part: without this nothing may be stored."""
    return answers.get(PARTICIPATION) == AGREED


def has_refused(answers: Mapping[str, Stored | None]) -> bool:
    """Whether the person said that they do not take part, which erases what there is."""
    return answers.get(PARTICIPATION) == REFUSED


def narrow_consent(given: Answers, said_now: Answers) -> dict[str, Stored]:
    """`given` with each consent in it replaced by what is `said_now` where that is stricter, and otherwise as it was.

    Withdrawing a consent takes effect when it is said; giving one, only when the return is submitted again.
    """
    narrowed = dict(given)
    for name in CONSENT_QUESTIONS & given.keys():
        if _measure_width(name, said_now.get(name)) < _measure_width(name, given[name]):
            if name in said_now:
                narrowed[name] = said_now[name]
            else:
                del narrowed[name]
    return narrowed


def list_narrower(name: str, given: Stored | None) -> tuple[str, ...]:
    """Choices of a consent that permit less than the one `given`, strictest first."""
    return _WIDTHS[name][: _measure_width(name, given)]


def _measure_width(name: str, stored: Stored | None) -> int:
    widths = _WIDTHS[name]
    return widths.index(stored) if isinstance(stored, str) and stored in widths else 0
