"""`python -m tests.benchmarks`: what fast means here, measured (docs/measures.md)."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from surveyapp.locale.compile import compile_catalogues
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from tests.benchmarks.counting import measure_counting
from tests.benchmarks.disclosing import measure_disclosing
from tests.benchmarks.exporting import measure_exporting
from tests.benchmarks.figures import Figure, build_report, describe_machine, write_table
from tests.benchmarks.importing import measure_importing
from tests.benchmarks.indexing import measure_indexing
from tests.benchmarks.mailing import measure_mailing
from tests.benchmarks.measuring import let_collect
from tests.benchmarks.postgres import measure_postgres
from tests.benchmarks.serving import measure_serving
from tests.benchmarks.stores import Stores
from tests.benchmarks.submitting import measure_submitting

Measure = Callable[[Stores, Sequence[int], int | None], Iterator[Figure]]

# What can be named with --only, in the order in which it is measured.
GROUPS: Mapping[str, Measure] = {
    "counting": measure_counting,
    "indexing": measure_indexing,
    "disclosing": measure_disclosing,
    "submitting": measure_submitting,
    "exporting": measure_exporting,
    "postgres": measure_postgres,
    "mailing": measure_mailing,
    "importing": measure_importing,
    "serving": measure_serving,
}
SIZES = (1_000, 10_000, 100_000)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _read_arguments(arguments)
    compile_catalogues()
    figures: list[Figure] = []
    with (
        let_collect(),
        tempfile.TemporaryDirectory(prefix="surveyapp-benchmarks-") as folder,
        Stores(Path(folder), load_builtin_questionnaire(), options.keep) as stores,
    ):
        for name, measure in GROUPS.items():
            if not options.only or name in options.only:
                print(f"measuring {name}", file=sys.stderr)
                figures += measure(stores, options.sizes, options.repeats)
    machine = describe_machine()
    if options.json:
        print(json.dumps(build_report(figures, machine), indent=2, ensure_ascii=False))
    else:
        print(write_table(figures))
        print("\n" + ", ".join(f"{name} {value}" for name, value in machine.items()))
    return 0


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="the figures as JSON instead of a table")
    parser.add_argument("--sizes", type=_read_sizes, default=SIZES, metavar="N,N", help="responses, smallest first")
    parser.add_argument("--only", action="append", choices=GROUPS, help="a group of figures; may be repeated")
    parser.add_argument("--repeats", type=_read_count, help="pairs a figure, instead of its own number")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="an existing folder where filled databases are left and found again"
    )
    return parser.parse_args(arguments)


def _read_sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({_read_count(part) for part in text.split(",")}))


def _read_count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count


if __name__ == "__main__":
    sys.exit(main())
