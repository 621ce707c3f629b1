# ruff: noqa: E501 - the table of faults is read line by line
"""The loader: the real questionnaire loads, and every fault is told with its line, all in one go."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveyapp.questionnaire.faults import Finding, QuestionnaireFaults
from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.questionnaire.yaml_source import (
    check_questionnaire,
    load_builtin_questionnaire,
    read_questionnaire,
)
from tests.questionnaire.conftest import SMALL_FORM


def edit(old: str, new: str) -> str:
    """The small form with one place changed."""
    assert SMALL_FORM.count(old) == 1, (SMALL_FORM.count(old), old)
    return SMALL_FORM.replace(old, new)


def find_line(text: str, source: str = SMALL_FORM) -> int:
    return source[: source.index(text)].count("\n") + 1


def test_the_real_questionnaire(real: Questionnaire) -> None:
    assert real.form_id == "japan_export_readiness"
    assert real.version == "1.1.0"
    assert real.default_language == "ko"
    assert real.estimated_minutes == (20, 30)
    assert len(real.sections) == 7
    assert sum(real.scoring.weights.values()) == 100
    assert set(real.placeholders) == {"operator", "privacy_contact", "retention_text", "retention_contact"}
    assert real is load_builtin_questionnaire()
    assert check_questionnaire(real.source) == ()
    assert read_questionnaire(real.source).digest == real.digest
    assert len(real.digest) == 64


def test_compartments_of_the_real_questionnaire(real: Questionnaire) -> None:
    identity = [question.name for question in real.questions_in("identity")]
    assert identity == ["company_name", "company_type_other"]
    contact = [question.name for question in real.questions_in("contact")]
    assert contact == ["consent_contact", "contact_name", "contact_email", "contact_phone", "consent_third_party"]
    assert {question.kind for question in real.questions_in("texts")} == {"text"}
    assert "ft_case" in {question.name for question in real.questions_in("texts")}
    assert all(question.kind != "text" for question in real.questions_in("answers"))


def test_limits_of_the_real_questionnaire(real: Questionnaire) -> None:
    assert real.by_name["ft_case"].max_length == 2000
    assert real.by_name["contact_email"].max_length == 254
    assert real.by_name["jp_routes"].max_selected == 3
    assert real.by_name["ch_areas"].max_selected is None
    assert real.by_name["contact_phone"].constraint is not None
    assert not real.by_name["contact_phone"].constraint.test({}, own="12345")


def test_the_small_form(small: Questionnaire) -> None:
    assert check_questionnaire(SMALL_FORM) == ()
    assert small.by_name["email"].compartment == "contact"
    assert small.by_name["story"].compartment == "texts"
    assert small.by_name["story"].multiline
    assert small.by_name["consent"].required
    assert not small.by_name["best"].required
    assert small.by_name["fruits"].find_choice("apple") is not None
    assert small.by_name["fruits"].find_choice("kiwi") is None
    assert small.by_name["rd_reg"].section.name == "sec_main"
    for language in LANGUAGES:
        label = small.by_name["hello"].label.filled(small.placeholders).in_language(language)
        assert "{{" not in label


FAULTS = [
    # old text, new text, name, reason, line of (text in the new source)
    ("type: note\n  name: hello", "type: notes\n  name: hello", "hello", "The type 'notes' is not known.", "notes"),
    ("- type: note\n  name: hello", "- name: hello", "hello", "has no type", "- name: hello"),
    ("  name: hello\n", "", "", "has no name", "- type: note\n  label: {ko: '{{operator}}"),
    ("name: hello", "name: 9hello", "9hello", "must begin with a letter", "9hello"),
    ("name: hello", "name: " + "h" * 65, "h" * 65, "more than 64 characters", "h" * 65),
    ("name: hello", "name: [a, b]", "", "must be one plain value", "[a, b]"),
    ("name: trees", "name: fruits", "fruits", "used twice, first on line", "  name: fruits\n  label: {ko: 나무"),
    ("select_one agree", "select_one", "consent", "needs a choice list", "select_one\n"),
    ("select_one agree", "select_one nothing", "consent", "list 'nothing' does not exist", "select_one nothing"),
    ("select_one agree", "select_one agree or_other", "consent", "too many words", "or_other"),
    ("label: {ko: 이야기, en: A story, ja: 話}", "label: {ko: 이야기, en: A story}", "story", "'ja'", "이야기"),
    ("label: {ko: 이야기, en: A story, ja: 話}", "label: {ko: 이야기, en: '', ja: 話}", "story", "'en'", "이야기"),
    ("en: A story", "en: " + "long " * 1100, "story", "more than 5000 characters", "long long"),
    ("ja: 話}", "ja: 話, fr: conte}", "story", "The key 'fr' is not known", "conte"),
    ("  label: {ko: 이야기, en: A story, ja: 話}\n", "", "story", "has no label", "- type: text\n  name: story"),
    ("label: {ko: 이야기, en: A story, ja: 話}", "label: A story", "story", "keys with values", "label: A story"),
    ("- type: end_group\n  name: grp_numbers\n", "", "grp_numbers", "not closed before 'sec_main'", "- type: begin_group\n  name: grp_numbers"),
    ("- type: end_group\n  name: sec_main\n", "", "sec_main", "never closed", "- type: begin_group\n  name: sec_main"),
    ("- type: end_group\n  name: sec_consent", "- type: end_group\n  name: sec_other", "sec_other", "not open; open is 'sec_consent'", "- type: end_group\n  name: sec_other"),
    ("- type: begin_group\n  name: sec_consent", "- type: end_group\n- type: begin_group\n  name: sec_consent", "", "closes nothing", "- type: end_group\n- type"),
    ("- type: note\n  name: thanks\n  label: {ko: 감사, en: Thanks, ja: 感謝}\n- type: end_group\n  name: sec_main\n", "- type: end_group\n  name: sec_main\n- type: note\n  name: thanks\n  label: {ko: 감사, en: Thanks, ja: 感謝}\n", "thanks", "outside every section", "- type: note\n  name: thanks"),
    ("- type: note\n  name: thanks\n", "- type: begin_group\n  name: grp_empty\n  label: {ko: a, en: b, ja: c}\n- type: end_group\n- type: note\n  name: thanks\n", "grp_empty", "holds no rows", "- type: begin_group\n  name: grp_empty"),
    ("relevant: ${consent} = 'agree'", "relevant: ${story} = 'x'", "sec_main", "In relevant, character 1: ${story} is not answered before", "${story} = 'x'"),
    ("relevant: ${consent} = 'agree'", "relevant: ${consnt} = 'agree'", "sec_main", "not the name of any question", "consnt"),
    ("relevant: ${consent} = 'agree'", "relevant: ${hello} = 'agree'", "sec_main", "not the name of any question", "${hello}"),
    ("relevant: ${consent} = 'agree'", "relevant: ${consent} = 'agreed'", "sec_main", "no choice 'agreed'", "agreed"),
    ("selected(${fruits}, 'pear')", "selected(${fruits}, 'pear'", "trees", "character 41: The parenthesis opened here is never closed", "'pear'\n"),
    ("constraint: count-selected(.) <= 2", "constraint: count-selected(.) <= 2)", "fruits", "closes nothing", "<= 2)"),
    ("constraint: count-selected(.) <= 2", "constraint: count-selected() <= 2", "fruits", "takes 1 argument, not 0", "count-selected() <="),
    ("constraint: count-selected(.) <= 2", "constraint: count-picked(.) <= 2", "fruits", "no function count-picked()", "count-picked"),
    ("constraint: count-selected(.) <= 2", "constraint: count-selected(.)", "fruits", "must be yes or no", "count-selected(.)\n"),
    ("constraint: count-selected(.) <= 2", "constraint: count-selected(${fruits}) <= 2", "fruits", "not answered before", "count-selected(${fruits}) <="),
    ("  constraint: count-selected(.) <= 2\n", "", "fruits", "constraint_message but no constraint", "최대 2개"),
    ("choice_filter: selected(${fruits}, name)", "choice_filter: selected(${fruits}, nam)", "best", "no column 'nam'", ", nam)"),
    ("choice_filter: selected(${fruits}, name)", "choice_filter: tree = 'maybe'", "best", "no choice 'maybe'", "maybe"),
    ("choice_filter: selected(${fruits}, name)", "choise_filter: selected(${fruits}, name)", "best", "The key 'choise_filter' is not known", "choise"),
    ("  appearance: multiline", "  appearance: multilines", "story", "appearance 'multilines' is not known (known: multiline)", "multilines"),
    ("  store: contact", "  store: safe", "grp_contact", "store 'safe' is not known", "safe"),
    ("  dimension: reg", "  dimension: nothing", "rd_reg", "dimension 'nothing' is not known (known: qual, reg)", "nothing"),
    ("  dimension: reg", "  dimension: qual", "rd_reg", "does not list it there", "- type: select_one level\n  name: rd_reg"),
    ("  name: consent\n", "  name: consent\n  calculation: '1'\n", "consent", "'calculation' has no meaning for select_one", "calculation: '1'"),
    ("  name: hello\n", "  name: hello\n  required: 'yes'\n", "hello", "'required' has no meaning for note", "required: 'yes'\n  label"),
    ("required: 'yes'\n  q: 1", "required: maybe\n  q: 1", "consent", "must be yes or no, not 'maybe'", "maybe"),
    ("  q: 7", "  q: seven", "email", "q must be a whole number", "seven"),
    ("  q: 7", "  q: 7\n  pii: perhaps", "email", "'pii' must be yes or no", "perhaps"),
    ("  calculation: count-selected(${fruits})\n", "", "n_fruits", "needs a calculation", "- type: calculate\n  name: n_fruits"),
    ("{{operator}} 안내", "{{oprator}} 안내", "hello", "(ko) uses {{oprator}}", "oprator"),
    ("{{operator}} 안내", "{{ operator }} 안내", "hello", "not written {{name}}", "{{ operator"),
    ("From {{operator}}", "From ${consent}", "hello", "names an answer", "From $"),
    ("ko: 사과", "ko: '{{apple}}'", "fruit.apple", "uses {{apple}}", "{{apple}}"),
    ("name: berry,", "name: apple,", "fruit", "'apple' is given twice", "딸기"),
    ("name: berry,", "name: a berry,", "fruit.a berry", "letters, digits", "딸기"),
    ("name: berry, ", "", "fruit", "The choice has no name", "딸기"),
    ("label: {ko: 딸기, en: Berry, ja: いちご}, ", "", "fruit.berry", "The choice has no label", "name: berry"),
    ("tree: 'no'", "9tree: 'no'", "fruit.berry", "must begin with a letter", "9tree"),
    ("tree: 'no'", "tree: [a]", "fruit.berry", "one plain value", "tree: [a]"),
    ("  agree:\n  - {name: agree, label: {ko: 동의, en: I agree, ja: 同意}}\n  - {name: disagree, label: {ko: 거부, en: I refuse, ja: 拒否}}\n", "  agree: []\n", "agree", "has no choices", "agree: []"),
    ("  agree:\n", "  a gree:\n", "a gree", "letters, digits", "{name: agree"),
    ("  reg: 60", "  reg: much", "reg", "must be a whole number, not 'much'", "much"),
    ("  reg: 60", "  reg: -60", "reg", "must be a whole number", "-60"),
    ("  reg: 60", "  reg: 500", "reg", "between 1 and 100", "500"),
    ("  reg: 60", "  reg:", "reg", "has no weight", "  reg:\n"),
    ("  reg: 60", "  reg: 50", "score_weights", "add up to 90", "reg: 50"),
    ("  reg: 60\n  qual: 40", "  reg: 60\n  qual: 20\n  extra: 20", "extra", "weight but no items", "reg: 60"),
    ("  qual: [rd_qual]", "  qual: [rd_qual]\n  extra: [rd_qual]", "extra", "items but no weight", "reg: [rd_reg]"),
    ("[rd_reg]", "[rd_rug]", "reg", "'rd_rug' is not the name of any question", "rd_rug"),
    ("[rd_reg]", "[story]", "reg", "must be a select_one", "[story]"),
    ("[rd_reg]", "[best]", "reg", "levels 0 to 4", "[best]"),
    ("[rd_reg]", "[rd_reg, rd_reg]", "reg", "given twice", "[rd_reg, rd_reg]"),
    ("[rd_reg]", "[]", "reg", "has no items", "reg: []"),
    ("[rd_reg]", "[[a]]", "reg", "name of a question", "[[a]]"),
    ("form_id: small_form", "form_id: small form", "form_id", "letters, digits", "small form"),
    ("  form_id: small_form\n", "", "settings", "'form_id' is missing", "version"),
    ("  version: 1.0.0\n", "", "settings", "'version' is missing", "form_id"),
    ("version: 1.0.0", "version: one point zero", "version", "A version has", "one point"),
    ("default_language: ko", "default_language: fr", "default_language", "'fr' is not known", "fr\n"),
    ("languages: [ko, en, ja]", "languages: [ko, en]", "languages", "must be ko, en, ja", "[ko, en]"),
    ("  title: {ko: 작은 조사, en: A small form, ja: 小さな調査}\n", "", "settings", "'title' is missing", "form_id"),
    ("estimated_minutes: [4, 6]", "estimated_minutes: [6, 4]", "estimated_minutes", "smaller first", "[6, 4]"),
    ("estimated_minutes: [4, 6]", "estimated_minutes: 5", "estimated_minutes", "must be a list", "minutes: 5"),
    ("question_count: 7", "question_count: 9", "settings", "says 9, but the rows have 7", "question_count"),
    ("    operator: {", "    Operator: {", "Operator", "small letters", "Operator"),
    ("settings:\n", "extra: 1\nsettings:\n", "", "The key 'extra' is not known", "extra"),
    ("  version: 1.0.0", "  version: 1.0.0\n  version: 2.0.0", "settings", "'version' is given twice", "version: 2"),
    ("  q: 7", "  q: 7\n  q: 8", "email", "'q' is given twice", "q: 8"),
    ("label: {ko: 이야기, en: A story, ja: 話}", "label: &again {ko: 이야기, en: A story, ja: 話}\n  hint: *again", "", "Anchors and aliases", "&again"),
    ("- type: note\n  name: thanks", "- just a word\n- type: note\n  name: thanks", "row 22", "keys with values", "- just a word"),
    ("  q: 7", "  q: !!int 7", "", "Tags (!) cannot be used", "!!int"),
    ("  q: 7", "  ? [a]\n  : 7", "email", "A key must be a plain word", "? [a]"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "name", "reason", "place"), FAULTS, ids=[f"{row[2]}-{row[3][:30]}" for row in FAULTS]
)
def test_a_fault_is_told_with_line_name_and_reason(old: str, new: str, name: str, reason: str, place: str) -> None:
    source = edit(old, new)
    found = [finding for finding in check_questionnaire(source) if reason in finding.reason]
    assert found, check_questionnaire(source)
    assert found[0].name == name
    assert found[0].line == find_line(place, source)
    assert found[0].reason.endswith(".")


def test_all_faults_are_told_in_one_go() -> None:
    source = SMALL_FORM
    for old, new in [
        ("name: berry,", "name: apple,"),
        ("relevant: ${consent} = 'agree'", "relevant: ${consnt} = 'agree'"),
        ("  appearance: multiline", "  appearance: tall"),
        ("regex(., '[^@ ]+@", "regex(., '[^@ ]+(@"),
    ]:
        source = source.replace(old, new)
    with pytest.raises(QuestionnaireFaults) as caught:
        read_questionnaire(source)
    findings = caught.value.findings
    assert [finding.name for finding in findings] == ["fruit", "sec_main", "story", "email"]
    assert sorted(findings) == list(findings)
    assert str(findings[0]) in str(caught.value)
    assert str(Finding(3, "", "Why.")) == "line 3: Why."


def test_one_mistake_in_a_row_does_not_blame_those_that_read_it() -> None:
    findings = check_questionnaire(edit("type: select_multiple fruit", "type: select_many fruit"))
    assert [finding.name for finding in findings] == ["fruits"]


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("", 1, "The file is empty"),
        ("# only a comment", 1, "The file is empty"),
        ("a: [1, 2\nb: 3", 2, "cannot be read"),
        ("a:\n  b: 1\n c: 2", 3, "cannot be read"),
        ("a: 1\nb: \x00", 2, "cannot be read"),
        ("a: 'x\nb: 1", 2, "cannot be read"),
        ("a: 1\n---\nb: 2", 2, "more than one document"),
        ("a: *nothing", 1, "Anchors and aliases"),
        ("%YAML 9\n---\na: 1", 1, ""),
        ("[" * 5_000, 1, "nested too deeply"),
        ("just words", 1, "keys with values"),
        ("- a\n- b", 1, "keys with values"),
        ("a: 1", 1, "The part 'survey' is missing"),
        ("a: " + "x" * 500_001, 1, "more than 500,000 characters"),
        ("\ud800", 1, ""),
    ],
)
def test_unreadable_sources(source: str, line: int, reason: str) -> None:
    findings = check_questionnaire(source)
    assert any(reason in finding.reason for finding in findings)
    assert findings[0].line == line
    with pytest.raises(QuestionnaireFaults):
        read_questionnaire(source)


def test_aliases_do_not_unfold() -> None:
    bomb = "a: &a {x: 1}\n" + "".join(f"k{n}: &k{n} [" + ", ".join([f"*k{n - 1}"] * 9) + "]\n" for n in range(1, 9))
    bomb = bomb.replace("*k0", "*a") + "survey: *k8\nchoices: *k8\nsettings: {}\n"
    begin = time.thread_time()
    assert check_questionnaire(bomb)
    assert time.thread_time() - begin < 5


def test_findings_are_bounded() -> None:
    rows = "- {type: x, name: y}\n" * 3_000
    findings = check_questionnaire("settings: {}\nchoices: {}\nsurvey:\n" + rows)
    assert len(findings) == 501


def test_deep_groups_and_many_rows_are_refused() -> None:
    label = "label: {ko: a, en: b, ja: c}"
    deep = "".join(f"- {{type: begin_group, name: g{n}, {label}}}\n" for n in range(12))
    findings = check_questionnaire("settings: {}\nchoices: {}\nsurvey:\n" + deep)
    assert any("nested more than 8 deep" in finding.reason for finding in findings)
    rows = "".join(f"- {{type: calculate, name: c{n}, calculation: '1'}}\n" for n in range(2_010))
    group = f"- {{type: begin_group, name: sec, {label}}}\n"
    findings = check_questionnaire("settings: {}\nchoices: {}\nsurvey:\n" + group + rows)
    assert any("more than 2,000 rows" in finding.reason for finding in findings)
    assert any("asks no question" in finding.reason for finding in findings)


def test_a_choice_list_is_bounded() -> None:
    entries = "".join(f"  - {{name: c{n}, label: {{ko: a, en: b, ja: c}}}}\n" for n in range(501))
    findings = check_questionnaire("settings: {}\nsurvey: []\nchoices:\n  big:\n" + entries)
    assert any("more than 500 choices" in finding.reason for finding in findings)


LINES = SMALL_FORM.splitlines(keepends=True)
WORDS = ["select_one", "select_multiple", "rank", "integer", "text", "note", "calculate", "begin_group", "end_group"]
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "double", "swap", "type", "word", "cut"]),
        st.integers(0, len(LINES) - 1),
        st.integers(0, len(LINES) - 1),
        st.sampled_from([*WORDS, "''", "null", "[]", "{}", "&x", "*x", "!!int", "\t", "'", '"', "- ", "\x07", "${x}"]),
    ),
    min_size=1,
    max_size=4,
)


def mutate(source_lines: list[str], mutations: list[tuple[str, int, int, str]]) -> str:
    lines = list(source_lines)
    for what, first, second, word in mutations:
        first, second = first % len(lines), second % len(lines)
        if what == "delete" and len(lines) > 1:
            del lines[first]
        elif what == "double":
            lines.insert(second, lines[first])
        elif what == "swap":
            lines[first], lines[second] = lines[second], lines[first]
        elif what == "type":
            kinds = [index for index, line in enumerate(lines) if "type:" in line]
            if kinds:
                lines[kinds[first % len(kinds)]] = f"- type: {word}\n"
        elif what == "word":
            lines[first] = lines[first].rstrip("\n") + f" {word}\n"
        elif what == "cut":
            lines[first] = lines[first][: second % (len(lines[first]) + 1)]
    return "".join(lines)


@given(MUTATIONS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_form_gives_findings_or_a_questionnaire(mutations: list[tuple[str, int, int, str]]) -> None:
    source = mutate(LINES, mutations)
    findings = check_questionnaire(source)
    last = source.count("\n") + 1
    assert all(1 <= finding.line <= last and finding.reason.endswith(".") for finding in findings)
    if findings:
        with pytest.raises(QuestionnaireFaults) as caught:
            read_questionnaire(source)
        assert caught.value.findings == findings
    else:
        assert read_questionnaire(source).pages


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%#\n ?,\t0\x00é", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_findings(source: str) -> None:
    assert check_questionnaire(source)
