"""The merge rule, against what two people at one return would expect."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from surveyapp.fieldwork.merging import merge_posted
from surveyapp.questionnaire.answer_digest import Settlement, digest_answer
from surveyapp.questionnaire.model import Stored

NAMES = ("a", "b", "c")
stored_answers = st.one_of(st.none(), st.sampled_from(["x", "y", 1, 2]), st.lists(st.sampled_from("pqr"), unique=True))
states = st.fixed_dictionaries(dict.fromkeys(NAMES, stored_answers))


def keep(state: dict[str, Stored | None]) -> dict[str, Stored]:
    return {name: stored for name, stored in state.items() if stored is not None}


@given(base=states, mine=states, theirs=states)
def test_every_change_is_kept_or_asked_about(
    base: dict[str, Stored | None], mine: dict[str, Stored | None], theirs: dict[str, Stored | None]
) -> None:
    """Each answer that exactly one person changed stands as that person left it; only two changes are a conflict."""
    read = {name: digest_answer(base[name]) for name in NAMES}
    merge = merge_posted(keep(theirs), mine, read, {})
    for name in NAMES:
        after = merge.taken.get(name, theirs[name])
        if name in merge.conflicts:
            assert mine[name] != base[name] != theirs[name] != mine[name]
            assert after == theirs[name]
        elif mine[name] != base[name]:
            assert after == mine[name]
        else:
            assert after == theirs[name]


@given(mine=states, theirs=states)
def test_a_form_without_versions_is_taken(mine: dict[str, Stored | None], theirs: dict[str, Stored | None]) -> None:
    assert merge_posted(keep(theirs), mine, {}, {}).taken == mine


@given(base=states, mine=states, theirs=states, side=st.sampled_from(["mine", "theirs"]))
def test_a_settled_conflict_is_none(
    base: dict[str, Stored | None], mine: dict[str, Stored | None], theirs: dict[str, Stored | None], side: str
) -> None:
    read = {name: digest_answer(base[name]) for name in NAMES}
    chosen = "mine" if side == "mine" else "theirs"
    settled = {name: Settlement("mine" if side == "mine" else "theirs", digest_answer(theirs[name])) for name in NAMES}
    merge = merge_posted(keep(theirs), mine, read, settled)
    assert not merge.conflicts
    for name in NAMES:
        assert merge.taken.get(name, theirs[name]) == (mine if chosen == "mine" else theirs)[name]


def test_versions_tell_kinds_of_answers_apart() -> None:
    answers: list[Stored | None] = [None, "1", 1, ["1"], [], "", "가", "가 "]
    assert len({digest_answer(answer) for answer in answers}) == len(answers)
    assert digest_answer(None) == ""
