"""The frozen band of peers: of ten companies at least, the same until ten others have come, and verified when read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random
from statistics import quantiles
from typing import Any

import pytest
from pyroaring import BitMap
from sqlalchemy import select, update

from surveyapp.analysis.disclosure import Hidden, ReleasedFigure
from surveyapp.analysis.peer_band import (
    PEERS,
    PeerBand,
    freeze_peer_band,
    is_freezing_due,
    load_peer_band,
    read_numbers,
    write_numbers,
)
from surveyapp.fieldwork.purging import purge_round
from surveyapp.fieldwork.rounds import Round, find_round_by_id
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.questionnaire.model import Stored
from surveyapp.questionnaire.scoring import score_dimension
from surveyapp.records.frozen_figures import FigureAltered
from surveyapp.records.tables import frozen_figure, round_table
from tests.analysis.returns import NOW, Field
from tests.database_kinds import run_on_both

__all__ = ["run_on_both"]

ITEMS = ("rd_reg_path", "rd_reg_dialog", "rd_qual_system", "rd_qual_change", "rd_clin", "rd_dos_content", "rd_dos_lang")
MORE_ITEMS = ("rd_part", "rd_price", "rd_comm", "rd_org", "rd_digi")


def answer(level: int) -> dict[str, Stored]:
    return dict.fromkeys((*ITEMS, *MORE_ITEMS), str(level % 5))


@pytest.fixture
def round_id(field: Field) -> int:
    return field.add_round("peers", counts_companies=True)


def add_companies(field: Field, round_id: int, first: int, last: int) -> list[int]:
    """Returns of the companies with these numbers, each at a level of its own."""
    return [field.add(round_id, answer(number), company_id=number) for number in range(first, last + 1)]


def freeze(field: Field, round_id: int, minutes: int = 0) -> str:
    now = NOW + timedelta(minutes=minutes)
    return freeze_peer_band(field.database, field.survey_id, round_id, field.questionnaire, now=now)


def find_round(field: Field, round_id: int) -> Round:
    with field.database.read() as connection:
        return find_round_by_id(connection, field.survey_id, round_id)


def load(field: Field, round_id: int) -> PeerBand | None:
    with field.database.read() as connection:
        return load_peer_band(connection, find_round_by_id(connection, field.survey_id, round_id))


def load_row(field: Field, round_id: int) -> tuple[Any, ...]:
    with field.database.read() as connection:
        row = connection.execute(select(frozen_figure).where(frozen_figure.c.round_id == round_id)).one()
        return tuple(row)


def is_due(field: Field, round_id: int) -> bool:
    with field.database.read() as connection:
        return is_freezing_due(connection, find_round_by_id(connection, field.survey_id, round_id))


def test_the_tenth_company_makes_it_and_the_twentieth_makes_it_anew(field: Field, round_id: int) -> None:
    add_companies(field, round_id, 1, 9)
    assert (is_due(field, round_id), freeze(field, round_id), load(field, round_id)) == (False, "too_few", None)
    add_companies(field, round_id, 10, 10)
    assert (is_due(field, round_id), freeze(field, round_id)) == (True, "made")
    first = load(field, round_id)
    assert first is not None and first.numbers == BitMap(range(1, 11)) and first.made_at == NOW
    add_companies(field, round_id, 11, 19)
    assert (is_due(field, round_id), freeze(field, round_id, 1)) == (False, "kept")
    assert load(field, round_id) == first
    add_companies(field, round_id, 20, 20)
    assert (is_due(field, round_id), freeze(field, round_id, 2)) == (True, "renewed")
    second = load(field, round_id)
    assert second is not None and second.numbers == BitMap(range(1, 21)) and second.made_at > first.made_at


def test_its_figures_are_quartiles_of_the_scores(field: Field, round_id: int) -> None:
    random = Random(7)
    scores = []
    for company in range(1, 24):
        answers: dict[str, Stored] = {item: random.choice(["0", "1", "2", "3", "4"]) for item in (*ITEMS, *MORE_ITEMS)}
        field.add(round_id, answers, company_id=company)
        scores.append(score_dimension([answers["rd_reg_path"], answers["rd_reg_dialog"]]))
    assert freeze(field, round_id) == "made"
    band = load(field, round_id)
    assert band is not None
    found = band.dimensions["reg"]
    figures = (found.lower_quartile, found.median, found.upper_quartile)
    assert [figure.value for figure in figures] == quantiles(
        [x for x in scores if x is not None], n=4, method="inclusive"
    )
    assert {(type(figure), figure.audience, figure.base) for figure in figures} == {
        (ReleasedFigure, Audience.PUBLIC, 23)
    }
    assert found.n.count == 23 and band.counts(3) and not band.counts(99) and not band.counts(None)


def test_edits_move_nothing(field: Field, round_id: int) -> None:
    numbers = add_companies(field, round_id, 1, 12)
    freeze(field, round_id)
    before = load_row(field, round_id)
    for number in numbers:
        field.edit(number, answer(0))
    assert is_due(field, round_id)  # it is only found out when the band would be made
    assert freeze(field, round_id, 5) == "kept" and load_row(field, round_id) == before


def test_withdrawals_move_nothing_and_are_gone_from_the_next_one(field: Field, round_id: int) -> None:
    numbers = add_companies(field, round_id, 1, 12)
    freeze(field, round_id)
    before = load_row(field, round_id)
    for number in numbers[:5]:
        field.withdraw(number)
    assert not is_due(field, round_id)
    assert freeze(field, round_id, 5) == "kept" and load_row(field, round_id) == before
    add_companies(field, round_id, 13, 21)
    assert freeze(field, round_id, 6) == "kept"  # nine further ones, though five are gone
    add_companies(field, round_id, 22, 22)
    assert freeze(field, round_id, 7) == "renewed"
    band = load(field, round_id)
    assert band is not None and band.numbers == BitMap([*numbers[5:], *range(13, 23)])


def test_fewer_than_ten_that_are_left_make_no_new_one(field: Field, round_id: int) -> None:
    numbers = add_companies(field, round_id, 1, 12)
    freeze(field, round_id)
    before = load_row(field, round_id)
    for number in numbers:
        field.withdraw(number)
    add_companies(field, round_id, 13, 21)
    assert freeze(field, round_id, 5) == "kept" and load_row(field, round_id) == before


def test_a_company_that_submits_again_and_again_is_one(field: Field, round_id: int) -> None:
    add_companies(field, round_id, 1, 10)
    freeze(field, round_id)
    for _ in range(20):
        number = field.add(round_id, answer(4), company_id=11)
        field.withdraw(number)
    for _ in range(20):
        field.add(round_id, answer(4), company_id=12)
    assert freeze(field, round_id, 5) == "kept"


def test_returns_without_a_company_are_not_counted(field: Field, round_id: int) -> None:
    add_companies(field, round_id, 1, 9)
    for _ in range(15):
        field.add(round_id, answer(4))
    assert (is_due(field, round_id), freeze(field, round_id)) == (False, "too_few")
    add_companies(field, round_id, 10, 10)
    assert freeze(field, round_id) == "made"
    band = load(field, round_id)
    assert band is not None and len(band.numbers) == 10


def test_a_round_that_counts_returns_has_none(field: Field) -> None:
    open_round_id = field.add_round("open", counts_companies=False)
    add_companies(field, open_round_id, 1, 15)
    assert (is_due(field, open_round_id), freeze(field, open_round_id)) == (False, "not_companies")


def test_a_dimension_with_nine_scores_is_hidden_and_not_kept(field: Field, round_id: int) -> None:
    for company in range(1, 13):
        few: Mapping[str, Stored] = {"rd_digi": "na"} if company > 9 else {}
        field.add(round_id, {**answer(company), **few}, company_id=company)
    freeze(field, round_id)
    band = load(field, round_id)
    assert band is not None
    digital = band.dimensions["digi"]
    figures = (digital.n, digital.lower_quartile, digital.median, digital.upper_quartile)
    assert {figure.hidden for figure in figures} == {Hidden.BASE_TOO_SMALL}
    assert {(figure.value, figure.count) for figure in figures} == {(None, None)}
    assert load_row(field, round_id)[3]["dimensions"]["digi"] == {}
    assert band.dimensions["org"].n.count == 12


def test_not_applicable_everywhere_leaves_nothing_to_show(field: Field, round_id: int) -> None:
    for company in range(1, 13):
        field.add(round_id, dict.fromkeys((*ITEMS, *MORE_ITEMS), "na"), company_id=company)
    assert freeze(field, round_id) == "made"
    band = load(field, round_id)
    assert band is not None and band.is_hidden


def test_a_stricter_threshold_hides_what_was_frozen_before(field: Field, round_id: int) -> None:
    add_companies(field, round_id, 1, 11)
    freeze(field, round_id)
    band = load(field, round_id)
    assert band is not None and not band.is_hidden
    stricter = {**LEAST_THRESHOLDS, Audience.PUBLIC: replace(LEAST_THRESHOLDS[Audience.PUBLIC], round_base=12)}
    with field.database.read() as connection:
        held = replace(find_round_by_id(connection, field.survey_id, round_id), thresholds=stricter)
        hidden = load_peer_band(connection, held)
    assert hidden is not None and hidden.is_hidden and hidden.dimensions["reg"].median.value is None


def alter_content(values: dict[str, Any]) -> dict[str, Any]:
    content = dict(values["content"])
    content["overall"] = {"n": 12, "quartiles": ["0", "1", "2"]}
    return {"content": content}


def alter_time(values: dict[str, Any]) -> dict[str, Any]:
    return {"made_at": values["made_at"] + timedelta(days=1)}


def alter_revision(values: dict[str, Any]) -> dict[str, Any]:
    return {"revision": values["revision"] + 1}


def alter_digest(values: dict[str, Any]) -> dict[str, Any]:
    return {"digest": "0" * 64}


@pytest.mark.parametrize("alter", [alter_content, alter_time, alter_revision, alter_digest])
def test_what_was_altered_is_neither_shown_nor_replaced(
    field: Field, round_id: int, alter: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    add_companies(field, round_id, 1, 12)
    freeze(field, round_id)
    names = [column.name for column in frozen_figure.columns]
    values = dict(zip(names, load_row(field, round_id), strict=True))
    with field.database.write() as connection:
        connection.execute(update(frozen_figure).values(**alter(values)))
    with pytest.raises(FigureAltered):
        load(field, round_id)
    add_companies(field, round_id, 13, 30)
    with pytest.raises(FigureAltered):
        freeze(field, round_id)


def test_the_band_of_one_round_cannot_stand_in_for_another(field: Field, round_id: int) -> None:
    add_companies(field, round_id, 1, 12)
    freeze(field, round_id)
    other = field.add_round("other", counts_companies=True)
    with field.database.write() as connection:
        connection.execute(update(frozen_figure).values(round_id=other))
    assert load(field, round_id) is None
    with pytest.raises(FigureAltered):
        load(field, other)


def test_jobs_that_race_make_one_band(field: Field, round_id: int) -> None:
    add_companies(field, round_id, 1, 12)
    became: list[str] = []
    begun = threading.Barrier(6)

    def run(minutes: int) -> None:
        begun.wait(20)
        became.append(freeze(field, round_id, minutes))

    run_together([lambda minutes=minutes: run(minutes) for minutes in range(6)])  # type: ignore[misc]
    assert sorted(became) == ["kept"] * 5 + ["made"]


def test_returns_that_come_meanwhile_are_in_it_or_not_but_never_by_half(field: Field, round_id: int) -> None:
    numbers = add_companies(field, round_id, 1, 12)
    begun = threading.Barrier(2)

    def change() -> None:
        begun.wait(20)
        for company in range(13, 19):
            field.add(round_id, answer(company), company_id=company)
        field.withdraw(numbers[0])

    def run() -> None:
        begun.wait(20)
        freeze(field, round_id)

    run_together([change, run])
    band, revision = load(field, round_id), load_row(field, round_id)[5]
    assert band is not None
    # Each return took one revision, in the order of the numbers; the withdrawal came last and took the 19th.
    expected = BitMap(range(1, min(revision, 18) + 1)) - (BitMap([1]) if revision == 19 else BitMap())
    assert band.numbers == expected


def run_together(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_numbers_are_kept_as_runs() -> None:
    assert write_numbers(BitMap()) == "" and read_numbers("") == BitMap()
    assert write_numbers(BitMap([1, 2, 3, 7, 9, 10])) == "1-3,7,9-10"
    random = Random(3)
    for _ in range(50):
        numbers = BitMap(random.sample(range(1, 400), random.randint(0, 120)))
        assert read_numbers(write_numbers(numbers)) == numbers
    assert len(write_numbers(BitMap(range(1, 1_000_001)))) == 9


def test_a_purged_sample_round_has_no_band(field: Field, round_id: int) -> None:
    add_companies(field, round_id, 1, 12)
    freeze(field, round_id)
    with field.database.write() as connection:
        connection.execute(update(round_table).where(round_table.c.round_id == round_id).values(kind="sample"))
    purge_round(field.database, field.survey_id, "peers", now=NOW)
    assert load(field, round_id) is None
    with field.database.read() as connection:
        assert connection.execute(select(frozen_figure).where(frozen_figure.c.name == PEERS)).all() == []


def test_scores_are_exact_in_the_file(field: Field, round_id: int) -> None:
    for company in range(1, 12):
        field.add(round_id, {**answer(2), "rd_reg_path": str(company % 3)}, company_id=company)
    freeze(field, round_id)
    band = load(field, round_id)
    assert band is not None and band.dimensions["reg"].median.value == Fraction(75, 2)
