"""The programs that open our files, and what they say of them."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_HERE = Path(__file__).parent
_PROGRAMS = {"Rscript": "r-base-core", "pspp": "pspp", "soffice": "libreoffice-calc"}
_R_LIBRARIES = {"haven": "r-cran-haven", "readr": "r-cran-readr"}
_PATIENCE = 300  # seconds that a program may take
_PLAIN_CSV = "44,34,76,1"  # comma, quotation mark, UTF-8, from the first line: tokens of LibreOffice's filter
_RAW_CELLS = "false,true,false"  # quote only what must be, numbers as numbers, cells as they are and not as shown

Rows = list[dict[str, str]]


def list_missing_packages() -> list[str]:
    """Packages of Debian that have to be installed first."""
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    if "r-base-core" in missing:
        return missing + list(_R_LIBRARIES.values())
    return missing + [package for library, package in _R_LIBRARIES.items() if not _has_library(library)]


def _has_library(name: str) -> bool:
    asked = f"quit(status = !requireNamespace('{name}', quietly = TRUE))"
    return subprocess.run(["Rscript", "-e", asked], capture_output=True, timeout=_PATIENCE).returncode == 0


def run_r(script: str, file: Path, folder: Path) -> Mapping[str, Rows]:
    """The tables that a script of this folder leaves in `folder`, by name."""
    subprocess.run(["Rscript", _HERE / script, file, folder], check=True, capture_output=True, timeout=_PATIENCE)
    return {path.stem: read_rows(path) for path in folder.glob("*.csv")}


def run_pspp(syntax: str, folder: Path) -> tuple[Mapping[str, list[list[str]]], str]:
    """Tables of the output by title, each with its heading first, and the complaints."""
    source, output = folder / "read.sps", folder / "output.csv"
    source.write_text(syntax, encoding="utf-8")
    done = subprocess.run(
        ["pspp", "-o", output, source], capture_output=True, text=True, timeout=_PATIENCE, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    tables: dict[str, list[list[str]]] = {}
    rows: list[list[str]] | None = None
    with output.open(encoding="utf-8", newline="") as file:
        for line in csv.reader(file):
            if not line:
                rows = None
            elif line[0].startswith("Table: "):
                rows = tables.setdefault(line[0].removeprefix("Table: "), [])
            elif rows is not None:
                rows.append(line)
    return tables, done.stderr


def open_with_calc(file: Path, folder: Path) -> list[list[str]]:
    """The cells of the first sheet as LibreOffice Calc holds them after opening the file."""
    reading = [f"--infilter=CSV:{_PLAIN_CSV}"] if file.suffix == ".csv" else []
    output = folder / f"{file.stem}.csv"
    _run_office(
        [*reading, "--convert-to", f"csv:Text - txt - csv (StarCalc):{_PLAIN_CSV},,0,{_RAW_CELLS}"], file, folder
    )
    with output.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


def _run_office(options: Sequence[str], file: Path, folder: Path) -> None:
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"  # two runs of one profile wait for each other
    command = ["soffice", profile, "--headless", *options, "--outdir", str(folder), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)


def read_rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
