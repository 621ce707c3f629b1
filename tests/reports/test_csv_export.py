from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from itertools import islice

import pytest

from surveyapp.fieldwork.return_stream import SubmittedReturn
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import LANGUAGES, Questionnaire, Stored
from surveyapp.questionnaire.paths import evaluate
from surveyapp.reports.csv_export import BOM, RawOptions, stream_raw_csv
from surveyapp.reports.exports.request import ExportRequest
from surveyapp.reports.words import Words
from tests.benchmarks.returns import draw_returns
from tests.reports.conftest import Submit, make_round

ENGLISH, KOREAN = Words("en"), Words("ko")
EVERYTHING: dict[str, Stored] = {
    "consent_participate": "agree",
    "attribution_level": "named",
    "company_name": "=ACME",
    "fruits": ["apple", "berry"],
    "sold": ["berry"],
    "on_trees": ["pear"],
    "change": -5,
    "weight": "-0.5",
    "price": "low",
    "order": ["pear", "apple"],
    "rd_reg": "na",
    "story": '-"하나",\n=둘',
    "email": "someone@example.com",
}
NOTHING: dict[str, Stored] = {"consent_participate": "agree"}
STATISTICS: dict[str, Stored] = {
    "consent_participate": "agree",
    "attribution_level": "aggregate",
    "fruits": ["pear"],
    "price": "dk",
    "story": "our own words",
}
CODED: dict[str, Stored] = {"consent_participate": "agree", "attribution_level": "anonymous", "story": ".n"}

COLUMNS = (
    "number,round,round_kind,questionnaire_version,language,mode,submitted_at,edited_at,counted,"
    "use_gist_to_ministry,use_word_for_word,use_company_name,consent_participate,attribution_level,"
    "fruits/apple,fruits/berry,fruits/pear,sold/apple,sold/berry,sold/pear,on_trees/apple,on_trees/pear,"
    "change,weight,price,order/apple,order/berry,order/pear,rd_reg,story,n_fruits"
)
STORY = '"\'-""하나"",\n=둘"'  # quoted, its quotes doubled, its line end kept, marked in front
ROUND = "autumn,sample,2.0.0,ko,web,2026-09-03T08:30:15+09:00,"


@pytest.fixture
def returns(submit: Submit) -> list[SubmittedReturn]:
    return [submit(1, EVERYTHING, edited=True), submit(2, NOTHING), submit(3, STATISTICS), submit(12, CODED)]


def write(
    returns: list[SubmittedReturn], form: Questionnaire, survey_round: Round, options: RawOptions, counted: set[int]
) -> str:
    return b"".join(stream_raw_csv(returns, form, survey_round, options, counted=counted)).decode()


def test_the_whole_file_by_code(returns: list[SubmittedReturn], form: Questionnaire, survey_round: Round) -> None:
    lines = [
        COLUMNS,
        f"1,{ROUND}2026-09-03T09:00:00+09:00,1,1,0,1,agree,named,1,1,0,0,1,,0,1,-5,-0.5,low,2,.n,1,na," + STORY + ",2",
        f"2,{ROUND},1,0,0,0,agree,.n,.n,.n,.n,,,,.n,.n,,.n,.n,.n,.n,.n,.n,.n,0",
        f"3,{ROUND},0,0,0,0,agree,aggregate,0,0,1,,,.n,.n,.n,,.n,dk,.n,.n,.n,.n,.w,1",
        f"12,{ROUND},1,1,0,0,agree,anonymous,.n,.n,.n,,,,.n,.n,,.n,.n,.n,.n,.n,.n,'.n,0",
    ]
    text = write(returns, form, survey_round, RawOptions(ENGLISH), {1, 2, 12})
    assert text == BOM + "".join(line + "\r\n" for line in lines)


def test_the_whole_file_by_label(returns: list[SubmittedReturn], form: Questionnaire, survey_round: Round) -> None:
    headings = [
        *COLUMNS.split(",")[:12],
        "Do you agree with Test association? [consent_participate]",
        "How far? [attribution_level]",
        "Fruits: =Apple [fruits/apple]",
        '"Fruits: Berry, ""wild"" [fruits/berry]"',
        "Fruits: Pear [fruits/pear]",
        "Sold: =Apple [sold/apple]",
        '"Sold: Berry, ""wild"" [sold/berry]"',
        "Sold: Pear [sold/pear]",
        "On trees: =Apple [on_trees/apple]",
        "On trees: Pear [on_trees/pear]",
        "'-Change [change]",
        "Weight [weight]",
        "Price [price]",
        "Order: =Apple [order/apple]",
        '"Order: Berry, ""wild"" [order/berry]"',
        "Order: Pear [order/pear]",
        "Levels: Regulation [rd_reg]",
        "Story [story]",
        "n_fruits",
    ]
    facts = ROUND.replace(",sample,", ",Sample round (fictional),")
    line = (
        f"1,{facts}2026-09-03T09:00:00+09:00,1,1,0,1,I agree,Named,1,1,0,0,1,,0,1,-5,-0.5,'@Low,2,.n,1,Not applicable,"
    )
    text = write(returns[:1], form, survey_round, RawOptions(ENGLISH, with_labels=True), {1})
    assert text == BOM + ",".join(headings) + "\r\n" + line + STORY + ",2\r\n"


def test_names_of_companies_stand_in_the_identified_file_alone(
    returns: list[SubmittedReturn], form: Questionnaire, survey_round: Round
) -> None:
    raw = write(returns, form, survey_round, RawOptions(KOREAN), {1})
    identified = write(returns, form, survey_round, RawOptions(KOREAN, kind="identified"), {1})
    assert "ACME" not in raw and ",company_name," not in raw
    rows = list(csv.DictReader(io.StringIO(identified.removeprefix(BOM), newline="")))
    assert [row["company_name"] for row in rows] == ["'=ACME", "", "", ""]
    for text in (raw, identified):
        assert "someone@example.com" not in text and "email" not in text


def test_columns_depend_on_the_version_alone(questionnaire: Questionnaire, submit: Submit) -> None:
    survey_round = make_round("real", questionnaire.version)
    drawn = list(islice(draw_returns(questionnaire), 40))
    few = [submit(number, one.given, form=questionnaire) for number, one in enumerate(drawn[:2], 1)]
    many = [submit(number, one.given, form=questionnaire) for number, one in enumerate(drawn, 1)]
    headings = {
        write(returns, questionnaire, survey_round, RawOptions(Words(language)), set()).splitlines()[0]
        for returns in ([], few, many)
        for language in LANGUAGES
    }
    assert len(headings) == 1
    names = headings.pop().split(",")
    assert len(names) == len(set(names))
    assert "ch_reg_leaf/reg-patent" in names and "ch_reg_leaf/lic-mah" not in names


@pytest.mark.parametrize("language", LANGUAGES)
def test_labelled_headings_are_unique(questionnaire: Questionnaire, language: str) -> None:
    options = RawOptions(Words(language), with_labels=True)  # type: ignore[arg-type]
    text = write([], questionnaire, make_round("real"), options, set()).removeprefix(BOM)
    (names,) = csv.reader(io.StringIO(text, newline=""))
    assert len(names) == len(set(names))
    assert not [name for name in names if "{{" in name]


def test_every_cell_says_what_was_asked_and_answered(questionnaire: Questionnaire, submit: Submit) -> None:
    """Against the rule itself, for returns of the real questionnaire."""
    drawn = list(islice(draw_returns(questionnaire, seed="csv"), 150))
    returns = [submit(number, one.given, form=questionnaire) for number, one in enumerate(drawn, 1)]
    text = write(returns, questionnaire, make_round("real"), RawOptions(ENGLISH), set(range(1000)))
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert len(rows) == len(returns)
    for submitted, row in zip(returns, rows, strict=True):
        standing = evaluate(questionnaire, {**submitted.answers, **submitted.texts, **submitted.identity})
        for question in questionnaire.questions_in("answers"):
            stored = submitted.answers.get(question.name)
            is_asked = standing.is_relevant(question.name)
            if question.kind in ("select_multiple", "rank"):
                offered = {choice.name for choice in standing.offered(question)}
                for choice in question.choices:
                    cell = row.get(f"{question.name}/{choice.name}")
                    if cell is None:
                        assert choice.name not in offered
                    elif not is_asked or choice.name not in offered:
                        assert cell == ""
                    elif question.kind == "rank":
                        place = (
                            str(stored.index(choice.name) + 1)
                            if isinstance(stored, list) and choice.name in stored
                            else ".n"
                        )
                        assert cell == place
                    else:
                        assert cell == (".n" if stored is None else str(int(choice.name in stored)))  # type: ignore[operator]
            elif stored is None:
                assert row[question.name] == (".n" if is_asked else "")
            else:
                assert row[question.name] == str(stored)


def test_chunks_are_made_as_they_are_read(questionnaire: Questionnaire, submit: Submit) -> None:
    """The first chunk holds the header and the first returns; the stream is not read to its end before it."""
    read = 0

    def read_returns() -> object:
        nonlocal read
        for number, one in enumerate(islice(draw_returns(questionnaire), 400), 1):
            read += 1
            yield submit(number, one.given, form=questionnaire)

    chunks = stream_raw_csv(read_returns(), questionnaire, make_round("real"), RawOptions(ENGLISH), counted=set())  # type: ignore[arg-type]
    first = next(chunks)
    assert first.startswith(BOM.encode() + b"number,")
    assert 0 < first.count(b"\r\n") - 1 == read < 400


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("real", "export_form_autumn_raw_20260903-0830_codes.csv"),
        ("trial", "TRIAL_export_form_autumn_raw_20260903-0830_codes.csv"),
        ("sample", "FICTIONAL_export_form_autumn_raw_20260903-0830_codes.csv"),
    ],
)
def test_the_file_name_says_what_is_inside(kind: str, name: str) -> None:
    now = datetime(2026, 9, 2, 23, 30, tzinfo=UTC)
    assert ExportRequest().name_file("export_form", make_round(kind), now) == name
