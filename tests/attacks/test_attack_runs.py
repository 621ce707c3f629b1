"""The attack finds what thresholds alone give away, and nothing where releases are audited with all before."""

from __future__ import annotations

import pytest

from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Questionnaire
from tests.attacks.__main__ import POLICIES, Given, Policy, attack, read_rounds
from tests.attacks.minimality import attack_by_replay

RELEASES = 4


def test_an_attacker_of_the_sample_rounds(questionnaire: Questionnaire) -> None:
    policies: dict[str, Policy] = dict(POLICIES)
    for _, moments in read_rounds(questionnaire):
        found = {}
        for name, release in policies.items():
            given: list[Given] = []
            for data in moments[:RELEASES]:
                given.append(release(data, given))
            loot = attack([told for each in given for told in each.told], moments[RELEASES - 1].ranking)
            found[name] = (loot.counts, loot.answers, loot.companies)
            assert given[0].shown >= 10
        assert found["thresholds alone"][0] > found["each release audited by itself"][0] > 0
        assert min(found["thresholds alone"][1], found["each release audited by itself"][1]) > 0
        assert found["audited with all before"] == (0, 0, 0)


def test_a_reader_who_replays_the_algorithm_learns_from_the_reasons_of_the_ministry() -> None:
    """No answer of a company follows from a table. Who replays what led to it learns more, from the reasons."""
    found = attack_by_replay(Audience.MINISTRY, most_tables=15, seconds=600)
    assert found.tables == 15
    assert found.counts > 10
    assert found.betrayed_by_table == 0
    assert found.fixed_by_replay > 0


@pytest.mark.parametrize("audience", [Audience.JAPAN, Audience.PUBLIC])
def test_and_nothing_where_one_reason_stands_for_all(audience: Audience) -> None:
    found = attack_by_replay(audience, most_tables=30, seconds=600, seed=3)
    assert found.tables == 30
    assert found.counts > 60
    assert (found.betrayed_by_table, found.fixed_by_replay, found.betrayed_by_replay) == (0, 0, 0)
