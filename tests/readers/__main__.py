"""`python -m tests.readers`, or `make readers`: exported files opened with R, PSPP and LibreOffice.

Outside `make test`, since these programs are large and no part of the tool; a program that is missing is a failure.
"""

from __future__ import annotations

import sys

import pytest

from tests.readers.programs import list_missing_packages


def main() -> int:
    if packages := list_missing_packages():
        wanted = " ".join(packages)
        sys.stderr.write(
            f"Missing: {', '.join(packages)}. As root: "
            f"apt-get update && apt-get install -y --no-install-recommends {wanted}\n"
        )
        return 1
    return int(pytest.main(["-m", "readers", "--numprocesses", "0", "tests/readers"]))


if __name__ == "__main__":
    sys.exit(main())
