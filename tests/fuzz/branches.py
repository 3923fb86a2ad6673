"""Which branches of an extension are taken: gcov's word on a build without sanitizers."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.fuzz.build import ROOT, NoCompiler, Unit, build

RUN: Final = "tests.fuzz.replay"


class Branches(NamedTuple):
    """How many branches there are, and those never taken as file, line and source text."""

    total: int
    missed: list[tuple[str, int, str]]

    def __str__(self) -> str:
        taken = self.total - len(self.missed)
        return f"{taken} of {self.total} branches ({100 * taken / self.total:.1f} %)"


def measure(unit: Unit, corpus: Path, folder: Path) -> Branches:
    """Run an extension in a process of its own, over a corpus if it reads bodies, and count.

    Raises:
        NoCompiler: there is no gcov.
    """
    if shutil.which("gcov") is None:
        raise NoCompiler("gcov is not there")
    library = build(unit, "branches", folder)
    subprocess.run([sys.executable, "-m", RUN, str(library), str(corpus)], check=True, cwd=ROOT)
    missed: list[tuple[str, int, str]] = []
    total = 0
    for source in unit.sources:
        lines = source.read_text("utf-8").splitlines()
        for line in _lines(library.with_name(f"{unit.name}-{source.stem}.gcda"), source):
            total += len(line["branches"])
            never = [branch for branch in line["branches"] if not branch["count"]]
            missed += [(source.name, line["line_number"], lines[line["line_number"] - 1].strip()) for _ in never]
    return Branches(total, missed)


def _lines(counts: Path, source: Path) -> list[Any]:
    command = ["gcov", "--json-format", "--branch-probabilities", str(counts)]
    subprocess.run(command, check=True, capture_output=True, cwd=counts.parent)
    with gzip.open(counts.with_name(f"{counts.stem}.gcov.json.gz")) as file:
        files = json.load(file)["files"]
    found: list[Any] = next(one["lines"] for one in files if Path(one["file"]).name == source.name)
    return found
