"""The import of a list of companies as an office saves it: read, checked, written and committed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from surveyapp.commands.companies import read_list
from surveyapp.fieldwork.directory.business_numbers import find_check_digit, show_business_number
from surveyapp.fieldwork.directory.importing import import_companies
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.installation import build_vault
from tests.benchmarks.stores import NOW, Store, Stores

_MOST = 10_000  # companies
_MOST_SECONDS = 5.0  # for so many; a shorter list has its share of them
_RUNS = 3
_HEADINGS = (
    "기업명",
    "영문명",
    "사업자등록번호",
    "기업규모",
    "회원구분",
    "담당자 성명",
    "담당자 이메일",
    "담당자 전화",
    "담당자 부서",
)
_SIZES = ("12", "80", "450", "1,200명", "")
_MEMBERSHIPS = ("회원", "준회원", "비회원", "")


def measure_importing(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    count = min(max(sizes), _MOST)
    file = stores.folder / "companies.csv"
    write_list(file, count)
    taken = [_import_into_copy(stores, sizes[0], file, count) for _ in range(repeats or _RUNS)]
    seconds = median(whole for whole, _ in taken)
    yield Figure(
        "importing",
        f"import of {count:,} companies with a contact each (CSV, CP949)",
        None,
        value=seconds,
        unit="s",
        against="reading and checking its rows alone",
        yardstick=median(reading for _, reading in taken),
        ratio=seconds,
        goal=Goal("at most", _MOST_SECONDS * count / _MOST, "s"),
        pairs=len(taken),
    )


def write_list(file: Path, count: int) -> None:
    """As a Korean office saves it: CP949, names with commas, sizes as a number of people, some cells blank."""
    written = io.StringIO(newline="")
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(_HEADINGS)
    for number in range(count):
        digits = f"{100_000_000 + number * 7_919 % 899_999_999:09}"
        rows.writerow(
            (
                f"㈜한빛바이오{number}",
                f"Hanbit Bio {number} Co., Ltd." if number % 3 else "",
                show_business_number(f"{digits}{find_check_digit(digits)}"),
                _SIZES[number % len(_SIZES)],
                _MEMBERSHIPS[number % len(_MEMBERSHIPS)],
                "김철수" if number % 4 else "박영희",
                f"person{number}@company{number % 500}.co.kr",
                f"02-{number % 10_000:04}-{number * 7 % 10_000:04}",
                "해외인허가팀" if number % 2 else "",
            )
        )
    file.write_bytes(written.getvalue().encode("cp949"))


def import_into(store: Store, file: Path, count: int) -> tuple[float, float]:
    """Seconds of the whole, and of reading the file's rows."""
    vault = build_vault(store.settings)
    begin = perf_counter()
    listed = read_list(file)
    read = perf_counter()
    with store.database.write() as connection:
        plan = import_companies(
            connection, vault, store.survey_id, listed, digest=None, now=NOW, actor="officer@example.com"
        )
    end = perf_counter()
    assert (plan.count("new"), plan.count_contacts("new")) == (count, count)
    return end - begin, read - begin


def _import_into_copy(stores: Stores, size: int, file: Path, count: int) -> tuple[float, float]:
    """Into a database whose directory is empty."""
    try:
        return import_into(stores.copy(size, "importing"), file, count)
    finally:
        stores.drop(size, "importing")
