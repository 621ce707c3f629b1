from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

import surveyapp
from surveyapp.fieldwork.consent import TextUse, decide_use, has_agreed, has_refused, narrow_consent
from surveyapp.questionnaire.model import Questionnaire, Stored

ATTRIBUTIONS = ("aggregate", "anonymous", "named", None, "something unknown")
QUOTES = ("agree", "disagree", None, "something unknown")


def _say(attribution: str | None, quote: str | None) -> dict[str, Stored]:
    said = {"attribution_level": attribution, "consent_quote": quote}
    return {name: answer for name, answer in said.items() if answer is not None}


# product.md, "Who may see what": attribution, quote -> analyst reads, gist to MFDS, word for word, name to MFDS.
@pytest.mark.parametrize(
    ("attribution", "quote", "expected"),
    [
        ("aggregate", "agree", (True, False, False, False)),
        ("aggregate", "disagree", (True, False, False, False)),
        ("aggregate", None, (True, False, False, False)),
        ("anonymous", "disagree", (True, True, False, False)),
        ("anonymous", None, (True, True, False, False)),
        ("anonymous", "agree", (True, True, True, False)),
        ("named", "disagree", (True, True, False, True)),
        ("named", None, (True, True, False, True)),
        ("named", "agree", (True, True, True, True)),
    ],
)
def test_every_row_of_the_table(attribution: str, quote: str | None, expected: tuple[bool, bool, bool, bool]) -> None:
    use = decide_use(_say(attribution, quote))
    assert (use.analyst_reads, use.gist_to_ministry, use.word_for_word, use.company_name_to_ministry) == expected


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("attribution", [None, "something unknown", ["named"], 1])
def test_whatever_is_not_known_is_the_strictest(attribution: Stored | None, quote: str | None) -> None:
    said = _say(None, quote)
    if attribution is not None:
        said["attribution_level"] = attribution
    assert decide_use(said) == TextUse(True, False, False, False)


def test_the_answers_it_reads_are_those_of_the_questionnaire(questionnaire: Questionnaire) -> None:
    def list_names(question: str) -> list[str]:
        return [choice.name for choice in questionnaire.by_name[question].choices]

    assert set(list_names("attribution_level")) == {"aggregate", "anonymous", "named"}
    for question in ("consent_participate", "consent_quote", "consent_contact", "consent_third_party"):
        assert list_names(question) == ["agree", "disagree"]
    assert questionnaire.by_name["attribution_level"].compartment == "answers"
    assert questionnaire.by_name["consent_quote"].compartment == "answers"


def test_taking_part_needs_a_yes_and_a_no_is_more_than_a_blank() -> None:
    assert has_agreed({"consent_participate": "agree"})
    for answers in ({}, {"consent_participate": None}, {"consent_participate": "disagree"}):
        assert not has_agreed(answers)
    assert has_refused({"consent_participate": "disagree"})
    for answers in ({}, {"consent_participate": None}, {"consent_participate": "agree"}):
        assert not has_refused(answers)


def test_narrowing_never_allows_more_than_either_said() -> None:
    for before, after, quote_before, quote_after in product(ATTRIBUTIONS, ATTRIBUTIONS, QUOTES, QUOTES):
        given, said_now = _say(before, quote_before), _say(after, quote_after)
        narrowed = decide_use(narrow_consent(given, said_now))
        old, new = decide_use(given), decide_use(said_now)
        assert narrowed.gist_to_ministry == (old.gist_to_ministry and new.gist_to_ministry)
        assert narrowed.company_name_to_ministry == (old.company_name_to_ministry and new.company_name_to_ministry)
        assert narrowed.word_for_word <= old.word_for_word
        assert narrowed.word_for_word <= new.word_for_word


def test_narrowing_leaves_everything_else_as_it_was() -> None:
    given: dict[str, Stored] = {"attribution_level": "named", "company_type": "bio", "ch_areas": ["reg"]}
    assert narrow_consent(given, {"attribution_level": "named", "company_type": "ivd"}) == given
    assert narrow_consent(given, {"attribution_level": "anonymous", "consent_quote": "agree"}) == {
        **given,
        "attribution_level": "anonymous",
    }
    assert narrow_consent({"consent_third_party": "agree"}, {}) == {}


def test_no_other_module_reads_these_answers() -> None:
    """`sample_…` modules write them, for invented companies; whoever acts on them asks `consent`."""
    package = Path(surveyapp.__file__).parent
    readers = {
        file.relative_to(package.parent).as_posix()
        for folder in (package, package.parent / "templates")
        for file in folder.rglob("*")
        if file.suffix in (".py", ".html", ".js")
        and any(name in file.read_text(encoding="utf-8") for name in ("attribution_level", "consent_quote"))
    }
    assert {reader for reader in readers if "/sample_" not in reader} == {"surveyapp/fieldwork/consent.py"}
