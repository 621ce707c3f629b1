"""Expressions: what they mean, what is refused and where, and that nothing makes them raise."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.questionnaire.expression_functions import format_number, read_number, round_number
from surveyapp.questionnaire.expression_types import FUNCTIONS, Purpose
from surveyapp.questionnaire.expressions import (
    Expression,
    ExpressionScope,
    Known,
    ValueType,
    compile_expression,
)
from surveyapp.questionnaire.faults import ExpressionFault, ExpressionFaults
from surveyapp.questionnaire.model import Choice, Text

NAMES = {
    "one": Known(ValueType.CHOICE, frozenset({"agree", "disagree"})),
    "level": Known(ValueType.CHOICE, frozenset({"0", "1", "na"})),
    "many": Known(ValueType.SELECTION, frozenset({"reg", "lic", "none"})),
    "whole": Known(ValueType.NUMBER),
    "words": Known(ValueType.TEXT, is_private=True),
    "computed": Known(ValueType.TEXT),
}


def build(source: str, purpose: Purpose = "calculation", own: Known | None = None) -> Expression:
    columns = {"name": frozenset({"apple", "pear"}), "tree": frozenset({"yes", "no"})}
    scope = ExpressionScope(
        purpose=purpose,
        names=NAMES,
        later=frozenset({"tomorrow"}),
        own=own,
        columns=columns if purpose == "choice_filter" else None,
    )
    return compile_expression(source, scope)


def try_build(source: str, purpose: Purpose = "calculation", own: Known | None = None) -> Expression | ExpressionFaults:
    try:
        return build(source, purpose, own)
    except ExpressionFaults as faults:
        return faults


def find_faults(source: str, purpose: Purpose = "calculation", own: Known | None = None) -> list[ExpressionFault]:
    with pytest.raises(ExpressionFaults) as caught:
        build(source, purpose, own)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("1 + 2", {}, "3"),
        ("84", {}, "84"),
        ("84.0", {}, "84"),
        ("1 div 2", {}, "0.5"),
        ("7 mod 3", {}, "1"),
        ("-(-3) - -2", {}, "5"),
        ("2 + 3 * 4 - 1", {}, "13"),
        ("0 div 0", {}, "NaN"),
        ("1 div 0", {}, "Infinity"),
        ("- 1 div 0", {}, "-Infinity"),
        ("10000000000", {}, "10000000000"),
        ("concat(10000000000 * 10, '')", {}, "100000000000"),
        ("round(41.25, 1)", {}, "41.3"),
        ("round(2.675, 2)", {}, "2.68"),
        ("round(-2.5)", {}, "-2"),
        ("round(2.5)", {}, "3"),
        ("round(1234, -2)", {}, "1200"),
        ("int(-2.7)", {}, "-2"),
        ("floor(-2.5) + ceiling(2.1)", {}, "0"),
        ("abs(-3)", {}, "3"),
        ("min(3, 1, 2)", {}, "1"),
        ("max(3, 1, 2)", {}, "3"),
        ("max(1, number(''))", {}, "NaN"),
        ("number(${whole}) + 1", {"whole": "41"}, "42"),
        ("${whole} + 1", {"whole": "41"}, "42"),
        ("${whole} + 1", {"whole": ""}, "NaN"),
        ("if(${one} = 'agree', 'y', 'n')", {"one": "agree"}, "y"),
        ("if(${one} = '', 0, 1)", {}, "0"),
        ("if(${whole} > 3, ${many}, ${one})", {"whole": "4", "many": "reg lic"}, "reg lic"),
        ("coalesce(${one}, 'blank')", {}, "blank"),
        ("coalesce(${one}, 'blank')", {"one": "agree"}, "agree"),
        ("count-selected(${many})", {"many": "reg lic"}, "2"),
        ("count-selected(${many})", {"many": ""}, "0"),
        ("count-selected(concat(${many}, '  ', ${one}))", {"many": "reg", "one": "agree"}, "2"),
        ("selected-at(${many}, 1)", {"many": "reg lic"}, "lic"),
        ("selected-at(${many}, 5)", {"many": "reg lic"}, ""),
        ("concat('a')", {}, "a"),
        ("concat(${many}, ' ', ${one}, 3)", {"many": "reg", "one": "agree"}, "reg agree3"),
        ("string-length(${words})", {"words": "한국 😀"}, "4"),
        ("substr('hello', 1, 3)", {}, "el"),
        ("substr('hello', 3)", {}, "lo"),
        ("substr('hello', -1, 9)", {}, "hello"),
        ("substr('hello', 0 div 0, 9)", {}, ""),
        ("substr('hello', 1 div 0)", {}, ""),
        ("substring-before('a=b', '=')", {}, "a"),
        ("substring-after('a=b', '=')", {}, "b"),
        ("translate('abc', 'b', 'x')", {}, "axc"),
        ("normalize-space('  a   b ')", {}, "a b"),
        ("string(true())", {}, "true"),
        ("string(false())", {}, "false"),
        ("'round(1,2) ${x} and )'", {}, "round(1,2) ${x} and )"),
        ('"it\'s"', {}, "it's"),
        ("boolean(number(''))", {}, "false"),
    ],
)
def test_computes_as_xpath(source: str, values: dict[str, str], expected: str) -> None:
    assert build(source).compute(values) == expected


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("${whole} > 3", {"whole": ""}, False),
        ("${whole} <= 3", {"whole": ""}, False),
        ("${whole} > 3", {"whole": "4"}, True),
        ("${whole} >= '4'", {"whole": "4"}, True),
        ("${whole} = 4", {"whole": "4"}, True),
        ("${level} > 0", {"level": "1"}, True),
        ("${level} > 0", {"level": "na"}, False),
        ("${one} != 'agree'", {}, True),
        ("selected(${many}, 'reg')", {"many": "lic reg"}, True),
        ("selected(${many}, 'reg')", {"many": "lic regx"}, False),
        ("selected(${many}, 'reg')", {}, False),
        ("selected(${many}, ${one})", {"many": "", "one": ""}, False),
        ("selected(${computed}, 'x')", {"computed": " a  x "}, True),
        ("not(selected(${many}, 'none') and count-selected(${many}) > 1)", {"many": "none"}, True),
        ("${one} = 'agree' and ${whole} > 1 or ${one} = 'disagree'", {"one": "disagree"}, True),
        ("contains(${words}, 'b') and starts-with(${words}, 'a') and ends-with(${words}, 'c')", {"words": "abc"}, True),
        ("regex(${words}, '[a-z]+')", {"words": "abc"}, True),
        ("regex(${words}, '[a-z]+')", {"words": "abc1"}, False),
        ("boolean(${words})", {"words": "0"}, True),
    ],
)
def test_tests_as_odk(source: str, values: dict[str, str], expected: bool) -> None:
    assert build(source, "relevant").test(values) is expected


def test_the_own_answer_is_tested() -> None:
    whole = build(". >= 0 and . <= 120", "constraint", NAMES["whole"])
    assert whole.test({}, own="120")
    assert not whole.test({}, own="121")
    many = build("not(selected(., 'none') and count-selected(.) > 1)", "constraint", NAMES["many"])
    assert many.test({}, own="none")
    assert not many.test({}, own="none reg")


def test_a_filter_reads_the_columns_of_its_choice() -> None:
    label = Text("", "", "")
    choices = (
        Choice("apple", label, {"tree": "yes"}),
        Choice("berry", label, {"tree": "no"}),
        Choice("pear", label, {}),
    )
    fixed = build("tree = 'yes'", "choice_filter")
    assert [choice.name for choice in fixed.choose({}, choices)] == ["apple"]
    assert fixed.test({}, item={"name": "x", "tree": "yes"})
    assert not fixed.test({}, item={"name": "x"})
    chosen = build("selected(${many}, name) or ${many} = ''", "choice_filter")
    assert [choice.name for choice in chosen.choose({"many": "pear apple"}, choices)] == ["apple", "pear"]
    assert len(chosen.choose({}, choices)) == 3
    assert chosen.choose({}, choices) is chosen.choose({}, choices)


@pytest.mark.parametrize(
    ("source", "position", "reason"),
    [
        ("", 0, "ends where a value"),
        ("(1 + 2", 0, "never closed"),
        ("concat(1, (2", 10, "never closed"),
        ("concat(1,", 6, "never closed"),
        ("1 + 2)", 5, "closes nothing"),
        ("concat(1,)", 9, "before this closing"),
        ("1 +", 3, "ends where a value"),
        ("1 2", 2, "operator may be missing"),
        ("'abc", 0, "quotation mark"),
        ("1 + ${one", 4, "named ${name}"),
        ("$one", 0, "named ${name}"),
        ("1 ; 2", 2, "has no meaning"),
        ("/data/one", 0, "Node paths"),
        ("${many}/name", 7, "Node paths"),
        ("${many}[1]", 7, "Node paths"),
        ("@name", 0, "Node paths"),
        ("* + 1", 0, "value is expected before"),
        ("and 1", 0, "value is expected before"),
        ("1 and", 5, "ends where a value"),
        ("frobnicate(1)", 0, "no function frobnicate()"),
        ("jr:choice-name(1)", 0, "no function jr:choice-name()"),
        ("a:b + 1", 0, "neither a function nor a column"),
        ("1 + if(true(), 2)", 4, "takes 3 arguments, not 2"),
        ("round()", 0, "takes 1 to 2 arguments"),
        ("concat()", 0, "at least 1 argument"),
        ("true(1)", 0, "takes 0 arguments"),
        ("1 + ${nobody}", 4, "not the name of any question"),
        ("${tomorrow} + 1", 0, "earlier answers only"),
        ("one + 1", 0, "an answer is named ${one}"),
        (". + 1", 0, "in a constraint only"),
        ("${words} + 1", 0, "number is needed"),
        ("-${words}", 1, "number is needed"),
        ("${words} > 1", 0, "number is needed"),
        ("${one} > 1", 0, "number is needed"),
        ("'abc' * 2", 0, "number is needed"),
        ("${many} + 1", 0, "number is needed"),
        ("true() + 1", 0, "number is needed"),
        ("${one} and true()", 0, "'and' needs yes or no"),
        ("not(${one})", 4, "not() needs yes or no"),
        ("if(1, 2, 3)", 3, "if() needs yes or no"),
        ("selected(${whole}, 'x')", 9, "choice question"),
        ("count-selected(3)", 15, "choice question"),
        ("contains(true(), 'x')", 9, "needs a text"),
        ("${one} = 'agre'", 9, "no choice 'agre'"),
        ("'agre' = ${one}", 0, "no choice 'agre'"),
        ("selected(${many}, 'regg')", 18, "no choice 'regg'"),
        ("${many} = 'reg'", 8, "use selected()"),
        ("true() = 'yes'", 7, "compares yes or no with a text"),
        ("1 = 'x'", 4, "not one"),
        ("1 < 2 < 3", 6, "cannot be chained"),
        ("regex(${words}, ${one})", 16, "written out"),
        ("regex(${words}, '[a')", 19, "unterminated character set"),
        ("(" * 60 + "1" + ")" * 60, 40, "nested more than"),
        ("-" * 60 + "1", 0, "too many minus"),
        ("1" * 20_001, 20_000, "more than 20000"),
    ],
)
def test_refuses_with_place_and_reason(source: str, position: int, reason: str) -> None:
    faults = find_faults(source)
    assert faults[0].position == position
    assert reason in faults[0].reason
    assert faults[0].reason.endswith(".")


def test_all_faults_of_an_expression_are_told_at_once() -> None:
    faults = find_faults("${nobody} + ${words} + frob(1) + round()")
    assert [fault.position for fault in faults] == [0, 12, 23, 33]


def test_a_condition_must_be_yes_or_no() -> None:
    assert "must be yes or no, but this is a text" in find_faults("${words}", "relevant")[0].reason
    assert "must be yes or no, but this is a number" in find_faults("1 + 1", "constraint", NAMES["whole"])[0].reason


def test_a_filter_knows_the_columns_of_its_list() -> None:
    assert "no column 'colour' (it has: name, tree)" in find_faults("colour = 'red'", "choice_filter")[0].reason
    assert "no choice 'maybe'" in find_faults("tree = 'maybe'", "choice_filter")[0].reason


@pytest.mark.parametrize(
    ("source", "length", "selection"),
    [
        ("string-length(.) <= 120", 120, None),
        ("string-length(.) < 120", 119, None),
        ("120 >= string-length(.)", 120, None),
        ("120 > string-length(.)", 119, None),
        ("string-length(.) <= 254 and regex(., '[a-z]+')", 254, None),
        ("(string-length(.) <= 20 and string-length(.) <= 10) and true()", 10, None),
        ("count-selected(.) <= 3 and not(selected(., 'none') and count-selected(.) > 1)", None, 3),
        ("string-length(.) <= 120 or true()", None, None),
        ("string-length(.) >= 3", None, None),
        ("string-length(${words}) <= 3", None, None),
        ("not(count-selected(.) <= 3)", None, None),
    ],
)
def test_limits_are_read_from_constraints(source: str, length: int | None, selection: int | None) -> None:
    expression = build(source, "constraint", Known(ValueType.TEXT))
    assert (expression.length_limit, expression.selection_limit) == (length, selection)


def test_names_and_identity() -> None:
    expression = build("concat(${one}, ${many}, ${one})")
    assert expression.names == {"one", "many"}
    assert expression == build("concat(${one}, ${many}, ${one})")
    assert expression != build("concat(${one}, ${many})")
    assert len({expression, build("concat(${one}, ${many}, ${one})")}) == 1
    assert expression != "concat"
    assert repr(build("1")) == "Expression('1')"


def test_what_a_person_typed_is_not_kept_in_the_memory_of_results() -> None:
    private = build("string-length(${words})")
    assert private.compute({"words": "secret"}) == "6"
    assert private._remembered == {}
    shared = build("count-selected(${many})")
    assert shared.compute({"many": "reg"}) == shared.compute({"many": "reg"}) == "1"
    assert len(shared._remembered) == 1


def test_the_memory_of_results_is_bounded() -> None:
    expression = build("${whole} * 2")
    for number in range(5_000):
        assert expression.compute({"whole": str(number)}) == str(number * 2)
    assert len(expression._remembered) <= 4_096


_OPERANDS = st.sampled_from(
    ["${one}", "${many}", "${whole}", "${words}", "'reg'", "''", "1", "0.5", ".", "name", "${nobody}", "true()"]
)


def _combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "div", "mod", "=", "!=", "<", ">=", "and", "or"])
    calls = st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=3))
    return (
        st.tuples(inner, operators, inner).map(" ".join)
        | calls.map(lambda call: f"{call[0]}({', '.join(call[1])})")
        | inner.map(lambda source: f"({source})")
    )


ANY_TEXT = st.text(max_size=12)


@given(
    st.recursive(_OPERANDS, _combine, max_leaves=8),
    st.sampled_from(["relevant", "constraint", "choice_filter", "calculation"]),
    st.dictionaries(st.sampled_from(sorted(NAMES)), ANY_TEXT),
    ANY_TEXT,
)
@settings(max_examples=500, deadline=None)
def test_a_well_formed_expression_is_refused_or_never_raises(
    source: str, purpose: Purpose, values: dict[str, str], own: str
) -> None:
    expression = try_build(source, purpose, Known(ValueType.TEXT) if purpose == "constraint" else None)
    if isinstance(expression, ExpressionFaults):
        assert expression.faults
        assert all(0 <= fault.position <= len(source) for fault in expression.faults)
    elif purpose == "calculation":
        assert isinstance(expression.compute(values), str)
    elif purpose == "choice_filter":
        assert expression.test(values, item={"name": own, "tree": "yes"}) in (True, False)
    else:
        assert expression.test(values, own=own) in (True, False)


@given(st.text(alphabet="()${}abnd.'\"+-*/=<>! ,[]@|:01", max_size=30))
@settings(max_examples=500, deadline=None)
def test_any_text_is_an_expression_or_a_fault(source: str) -> None:
    expression = try_build(source)
    if isinstance(expression, ExpressionFaults):
        assert all(0 <= fault.position <= len(source) for fault in expression.faults)
    else:
        assert isinstance(expression.compute({}), str)


def test_values_that_xml_cannot_hold_do_not_raise() -> None:
    assert build("string-length(${words})").compute({"words": "a\x00b\ud800"}) == "4"


def test_long_chains_are_no_problem() -> None:
    assert build(" + ".join(["1"] * 3_000)).compute({}) == "3000"
    assert build(" or ".join(["${one} = 'agree'"] * 500), "relevant").test({"one": "agree"})


@pytest.mark.parametrize(
    ("number", "text"),
    [(84.0, "84"), (-0.0, "0"), (0.1, "0.1"), (1e-7, "0.0000001"), (1e21, "1000000000000000000000"), (62.5, "62.5")],
)
def test_numbers_are_written_as_xpath_writes_them(number: float, text: str) -> None:
    assert format_number(number) == text
    assert read_number(text) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_read_as_itself(number: float) -> None:
    assert read_number(format_number(number)) == number


def test_round_never_raises() -> None:
    assert math.isnan(round_number(math.nan, 1))
    assert round_number(math.inf, 1) == math.inf
    assert round_number(1e300, 20) == 1e300
    assert round_number(1.5, math.nan) == 1.5
    assert round_number(-41.25, 1) == -41.3


@pytest.mark.parametrize("text", ["", "1e3", "+1", "１", "1 2", "--1", "."])
def test_other_texts_are_no_numbers(text: str) -> None:
    assert math.isnan(read_number(text))
