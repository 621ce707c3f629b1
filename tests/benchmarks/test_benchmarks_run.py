"""The benchmarks run from end to end on tiny databases, so that they cannot rot; no time is judged here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.paths import check_all, evaluate, keep_asked
from tests.benchmarks.__main__ import main
from tests.benchmarks.counting import load_index
from tests.benchmarks.figures import Figure, Goal, write_table
from tests.benchmarks.measuring import build_paired
from tests.benchmarks.returns import CHUNK, draw_returns
from tests.benchmarks.serving import sign_in_analyst
from tests.benchmarks.stores import SeedUnfit, Stores

# Figure -> how often it is in the table of a run with two sizes.
EXPECTED = {
    "counts-memory": 2,
    "filters": 2,
    "counts-duckdb": 2,
    "filters-duckdb": 2,
    "cross-tab": 2,
    "refresh": 1,
    "build": 2,
    "snapshot": 2,
    "disclosing": 1,
    "disclosing-job": 1,
    "disclosing-refused": 1,
    "release-first": 2,
    "release-again": 2,
    "submit": 1,
    "csv": 2,
    "csv-over-idle": 2,
    "csv-memory": 1,
    "xlsx": 1,
    "xlsx-over-idle": 1,
    "sav": 1,
    "sav-over-idle": 1,
    "parquet": 1,
    "parquet-over-idle": 1,
    "submit-postgres": 1,
    "csv-postgres": 2,
    "build-postgres": 2,
    "refresh-postgres": 1,
    "form-page-postgres": 1,
    "form-page-frame-postgres": 1,
    "issues-page-postgres": 1,
    "issues-page-new-postgres": 1,
    "mailing": 1,
    "importing": 1,
    "form-page": 1,
    "form-page-frame": 1,
    "issues-page": 1,
    "issues-page-new": 1,
    "worker-start": 1,
}
NEEDS_DUCKDB = {"counts-duckdb", "filters-duckdb", "cross-tab"}
KEPT_FOR_MANY = {"snapshot"}  # a small survey keeps no snapshot


def test_every_figure_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--sizes", "30,60", "--repeats", "1"]) == 0
    report: Mapping[str, Any] = json.loads(capsys.readouterr().out)
    found = [figure["key"] for figure in report["figures"]]
    assert {key: found.count(key) for key in found} == EXPECTED
    unmeasured = {figure["key"] for figure in report["figures"] if figure["ratio"] is None}
    assert unmeasured == KEPT_FOR_MANY | (set() if find_spec("duckdb") else NEEDS_DUCKDB)
    for figure in report["figures"]:
        assert figure["note"] if figure["ratio"] is None else figure["value"] > 0
    assert report["machine"]["cores"] >= 1


def test_a_filled_database_is_found_again(questionnaire: Questionnaire, tmp_path: Path) -> None:
    seeds, folder = tmp_path / "seeds", tmp_path / "run"
    seeds.mkdir()
    for _ in range(2):
        with Stores(folder, questionnaire, seeds) as stores:
            store = stores.find(60)
            assert len(load_index(store).live) == 60  # none of so few was withdrawn
            assert sign_in_analyst(store).get("/desk/").status_code == 200
    with Stores(folder, questionnaire, seeds) as stores:
        (seeds / "of-60").rename(seeds / "of-61")
        with pytest.raises(SeedUnfit, match="of-61"):
            stores.find(61)


def test_invented_returns_are_valid_and_complete(questionnaire: Questionnaire) -> None:
    for invented in islice(draw_returns(questionnaire), 300):
        asked = {name: stored for name, stored in invented.given.items() if questionnaire.by_name[name].is_asked}
        standing = evaluate(questionnaire, asked)
        assert check_all(standing) == {}
        assert keep_asked(standing) == invented.given


def test_an_invented_return_depends_on_its_number_alone(questionnaire: Questionnaire) -> None:
    first = list(islice(draw_returns(questionnaire), CHUNK + 5))
    assert list(islice(draw_returns(questionnaire, first=CHUNK + 1), 5)) == first[CHUNK:]
    assert list(islice(draw_returns(questionnaire, first=3), 5)) == first[2:7]


def test_a_ratio_is_the_median_over_pairs() -> None:
    # The machine was three times as slow during the last two pairs; the ratio does not see it.
    paired = build_paired([2.0, 2.2, 2.0, 6.0, 6.0], [1.0, 1.0, 1.0, 3.0, 3.0])
    assert (paired.ratio, paired.low, paired.high, paired.pairs) == (2.0, 2.0, 2.0, 5)


@pytest.mark.parametrize(
    ("ratio", "size", "goal", "met"),
    [
        (5.9, 1000, Goal("at most", 6), "yes"),
        (6.1, 1000, Goal("at most", 6), "**no**"),
        (0.9, 1000, Goal("at least", 0.8), "yes"),
        (0.7, 1000, Goal("at least", 0.8), "**no**"),
        (6.1, 1000, Goal("at most", 6, meant_for=1_000_000), "set for 1,000,000"),
        (5.9, 1000, Goal("at most", 6, meant_for=1_000_000), "yes"),
        (6.1, 1_000_000, Goal("at most", 6, meant_for=1_000_000), "**no**"),
        (6.1, 1000, None, ""),
    ],
)
def test_a_goal_is_judged_where_it_is_meant(ratio: float, size: int, goal: Goal | None, met: str) -> None:
    figure = Figure("key", "title", size, 1.0, "s", "against", 1.0, ratio, goal)
    last = write_table([figure]).splitlines()[-1]
    assert last.split(" | ")[-1].removesuffix("|").strip() == met


def test_the_table_is_markdown() -> None:
    lines = write_table(
        [Figure.missing("key", "title", 10, "DuckDB", Goal("at least", 15), "needs duckdb")]
    ).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert set(lines[1]) == {"|", "-"}
    assert "needs duckdb" in lines[2]
