"""`make fuzz`: builds the extensions with sanitizers and fuzzes them against the general ways.

Exit code 0: nothing found; 1: a difference or a sanitizer's report, whose input is in tests/fuzz/corpus/found-….jsonl.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzz import corpus
from tests.fuzz.branches import measure
from tests.fuzz.build import FOLDER, ROOT, ROWS, TREES, NoCompiler, Unit, build, preload
from tests.fuzz.fuzzer import Current

MEMORY = "detect_leaks=0:malloc_context_size=3:quarantine_size_mb=32:allocator_may_return_null=1"
REPORTED = 99  # exit code after a sanitizer's report


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=900, help="of all parts together; two thirds go to bodies")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="equal seeds make equal bodies")
    parser.add_argument("--part", choices=("bodies", "requests", "wire", "formats", "tables"), help="only one of them")
    parser.add_argument("--keep", action="store_true", help="write what showed something new into tests/fuzz/corpus")
    return parser.parse_args()


def main() -> int:
    """Build, fuzz in a child, and tell what came of it."""
    given = parse()
    try:
        for unit in (ROWS, TREES):
            build(unit, "sanitized")
        print(f"seed {given.seed}, {given.seconds:g} s", flush=True)
        code = fuzz(given.seconds, given.seed, given.part or "all")
        if code == 0:
            tell_branches([unit for unit, part in ((ROWS, "bodies"), (TREES, "tables")) if given.part in (None, part)])
    except NoCompiler as error:
        print(f"fuzz: gcc with its sanitizers and gcov is needed: {error}", file=sys.stderr)
        return 1
    if code == 0 and given.keep:
        corpus.write(corpus.read(FOLDER / "corpus"))
    return code


def fuzz(seconds: float, seed: int, part: str, folder: Path = FOLDER, found: Path = corpus.FOLDER) -> int:
    """Fuzz in a child with the builds in a folder; 1 where something was found, which is kept."""
    current = folder / "current"
    current.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.child", str(seconds), str(seed), part, str(folder), str(found)]
    code = subprocess.run(command, check=False, env=os.environ | sanitized(), cwd=ROOT).returncode
    if code not in (0, 1) and current.exists() and (entry := Current.read(current)):
        print(f"fuzz: the process ended with {code}; its last body is in {corpus.keep_found(entry, found)}", flush=True)
    return min(abs(code), 1)


def sanitized() -> dict[str, str]:
    """The environment that the sanitizers want; Python's own allocator would hide what lies beside a body."""
    return {
        "LD_PRELOAD": preload(),
        "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": f"exitcode={REPORTED}:{MEMORY}",
        "UBSAN_OPTIONS": f"exitcode={REPORTED}:print_stacktrace=1:halt_on_error=1",
    }


def tell_branches(units: list[Unit]) -> None:
    """Print which branches are taken by the bodies that were kept, and by damaged tables."""
    for unit in units:
        branches = measure(unit, FOLDER / "corpus", FOLDER)
        print(f"{unit.name}: {branches}; not taken, of code that is inlined in each of its copies:")
        for (file, line, text), times in Counter(branches.missed).items():
            print(f"  {file}:{line}: {text} ({times})")


if __name__ == "__main__":
    sys.exit(main())
