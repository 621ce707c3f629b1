"""What a page is: field-list groups, runs between groups, and where notes and calculates go."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from surveyapp.questionnaire.model import Group, Kind, Page, Question, Questionnaire, Text
from surveyapp.questionnaire.pages import build_pages


def make_label(name: str) -> Text:
    return Text(name, name, name)


def make_group(name: str, *parents: Group, field_list: bool = False) -> Group:
    return Group(name, make_label(name), None, field_list, parents)


def make_row(name: str, *groups: Group) -> Question:
    kinds: dict[str, Kind] = {"q": "text", "n": "note", "c": "calculate"}
    return Question(name, kinds[name[0]], make_label(name), groups)


def lay_out(*rows: Question) -> tuple[list[tuple[str, str]], str]:
    """Name and rows of each page, and the closing rows."""
    pages, closing = build_pages(rows)
    return [(page.name, " ".join(item.name for item in page.items)) for page in pages], " ".join(
        row.name for row in closing
    )


SECTION = make_group("sec")
LIST = make_group("grp", SECTION, field_list=True)
PLAIN = make_group("plain", SECTION)


def test_a_field_list_section_is_a_page_with_all_in_it() -> None:
    section = make_group("sec", field_list=True)
    inner = make_group("inner", section, field_list=True)
    rows = make_row("n1", section), make_row("q1", section), make_row("q2", section, inner), make_row("n2", section)
    assert lay_out(*rows) == ([("sec", "n1 q1 q2 n2")], "")


def test_runs_between_groups_are_pages_named_by_their_first_question() -> None:
    rows = (
        make_row("n1", SECTION),
        make_row("q1", SECTION),
        make_row("q2", SECTION),
        make_row("q3", SECTION, LIST),
        make_row("q4", SECTION),
    )
    pages, _ = build_pages(rows)
    assert [page.name for page in pages] == ["q1", "grp", "q4"]
    assert [page.label.en for page in pages] == ["sec", "grp", "sec"]
    assert [item.name for item in pages[0].items] == ["n1", "q1", "q2"]
    assert [item.name for item in pages[0].questions] == ["q1", "q2"]


def test_notes_and_calculates_go_to_the_page_that_follows() -> None:
    other = make_group("other", field_list=True)
    rows = (
        make_row("q1", SECTION),
        make_row("c1", SECTION),
        make_row("n1", SECTION),
        make_row("q2", SECTION, LIST),
        make_row("c2", SECTION),
        make_row("q3", other),
    )
    assert lay_out(*rows) == ([("q1", "q1"), ("grp", "c1 n1 q2"), ("other", "c2 q3")], "")


def test_what_follows_the_last_question_is_no_page() -> None:
    rows = make_row("q1", SECTION), make_row("n1", SECTION), make_row("c1", SECTION)
    assert lay_out(*rows) == ([("q1", "q1")], "n1 c1")


def test_a_group_without_questions_joins_the_page_that_follows() -> None:
    rows = make_row("n1", SECTION, LIST), make_row("q1", SECTION)
    assert lay_out(*rows) == ([("q1", "n1 q1")], "")


def test_a_nested_group_that_is_no_field_list_has_runs_with_its_own_label() -> None:
    rows = make_row("q1", SECTION), make_row("q2", SECTION, PLAIN), make_row("q3", SECTION)
    pages, _ = build_pages(rows)
    assert [(page.name, page.label.en) for page in pages] == [("q1", "sec"), ("q2", "plain"), ("q3", "sec")]


def test_nothing_gives_nothing() -> None:
    assert build_pages(()) == ((), ())


PLACES = st.sampled_from([(SECTION,), (SECTION, LIST), (SECTION, PLAIN), (make_group("last", field_list=True),)])


@given(st.lists(st.tuples(st.sampled_from("qnc"), PLACES), max_size=25))
def test_every_row_is_on_one_page_or_closing(drawn: list[tuple[str, tuple[Group, ...]]]) -> None:
    rows = [make_row(f"{kind}{index}", *groups) for index, (kind, groups) in enumerate(drawn)]
    pages, closing = build_pages(rows)
    assert [*(item for page in pages for item in page.items), *closing] == rows
    assert all(page.questions for page in pages)
    assert not any(row.is_asked for row in closing)


def find_page(questionnaire: Questionnaire, name: str) -> Page:
    return questionnaire.page_by_name[name]


def test_pages_of_the_real_questionnaire(real: Questionnaire) -> None:
    blocks = ["reg", "lic", "dos", "clin", "gmp", "dev", "pri", "com", "pms", "org"]
    assert [page.name for page in real.pages] == [
        "sec_consent",
        "sec_profile",
        "sec_japan",
        "rd_page_regulatory",
        "rd_page_evidence",
        "rd_page_market",
        "rd_page_organisation",
        "grp_areas",
        "grp_worst",
        *(f"blk_{area}" for area in blocks),
        "ch_other_text",
        "grp_top3",
        "ft_case",
        "rank_topics",
        "grp_contact",
    ]
    assert find_page(real, "ch_other_text").label.en == "5. Challenges encountered"
    assert find_page(real, "ft_case").items[0].name == "voice_note"
    assert "ch_leaf_n" in {item.name for item in find_page(real, "grp_top3").items}
    assert [row.name for row in real.closing] == ["thanks_note"]
    assert real.page_of["top2"].name == "grp_top3"
    assert "thanks_note" not in real.page_of


def test_page_names_are_unique_and_fit_into_addresses(real: Questionnaire, small: Questionnaire) -> None:
    for questionnaire in (real, small):
        names = [page.name for page in questionnaire.pages]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) for name in names)
