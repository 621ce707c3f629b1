"""Bringing the answer index up to date, building it from nothing, and finding it in its snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from surveyapp.analysis.open_indexes import SNAPSHOT_FROM, open_index
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.measuring import Action, build_paired, compare_prepared, run_in_child
from tests.benchmarks.stores import Store, Stores, add_returns

ADDED = 100
_MANY = 1_000_000


def measure_indexing(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    for smaller in sizes[:-1]:
        yield measure_refresh(stores, smaller, sizes[-1], repeats or 21)
    for size in sizes:
        yield from measure_cold_build(stores.find(size), repeats or (5 if size < 100_000 else 3))
        yield measure_snapshot(stores.find(size), repeats or 5)


def measure_refresh(stores: Stores, smaller: int, larger: int, repeats: int) -> Figure:
    """The request after `ADDED` responses came in, in a large survey against a small one."""
    return compare_refresh(stores.copy(larger, "refresh"), stores.copy(smaller, "refresh"), repeats)


def compare_refresh(larger: Store, smaller: Store, repeats: int, *, key: str = "refresh", where: str = "") -> Figure:
    """Both stores have more returns afterwards."""
    paired = compare_prepared(_prepare_refresh(larger), _prepare_refresh(smaller), repeats=repeats, warm_ups=2)
    return Figure.of_pair(
        key,
        f"refresh of the index after +{ADDED} responses{where}",
        larger.size,
        paired,
        against=f"itself with {smaller.size:,}",
        goal=Goal("at most", 1.5, meant_for=_MANY),
    )


def _prepare_refresh(store: Store) -> Callable[[], Action]:
    live = len(open_index(store.database, store.survey_id).live)

    def prepare() -> Action:
        add_returns(store, ADDED)
        return refresh

    def refresh() -> None:
        nonlocal live
        index = open_index(store.database, store.survey_id)
        live += ADDED
        assert len(index.live) == live

    return prepare


def measure_cold_build(store: Store, repeats: int, *, key: str = "build", where: str = "") -> Iterator[Figure]:
    """The first index of a fresh process, against the bare driver reading the same rows and their JSON there."""
    store.database.close()
    taken = [run_in_child("build-cold", store.settings.instance) for _ in range(repeats)]
    paired = build_paired([each["build"] for each in taken], [each["read"] for each in taken])
    yield Figure.of_pair(
        key,
        f"cold build of the index{where}",
        store.size,
        paired,
        against="reading the same rows (driver and JSON)",
        goal=Goal("at most", 3, meant_for=_MANY),
    )


def measure_snapshot(store: Store, repeats: int) -> Figure:
    """The first index of a fresh process that finds the snapshot of another."""
    title, against, goal = "first index with a snapshot", "reading its file", Goal("at most", 1, "s")
    if store.size < SNAPSHOT_FROM:
        note = f"kept from {SNAPSHOT_FROM:,} responses on"
        return Figure.missing("snapshot", title, store.size, against, None, note)
    run_in_child("keep-snapshot", store.settings.instance)
    taken = [run_in_child("load-snapshot", store.settings.instance) for _ in range(repeats)]
    paired = build_paired([each["open"] for each in taken], [each["read"] for each in taken])
    (store.settings.instance / f"{store.survey_id}.index").unlink()
    return Figure(
        "snapshot",
        title,
        store.size,
        value=paired.subject,
        unit="s",
        against=against,
        yardstick=paired.yardstick,
        ratio=paired.subject,
        goal=goal,
        pairs=paired.pairs,
    )
