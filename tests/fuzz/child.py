"""The process that fuzzes, with the sanitizers loaded: `tests.fuzz.__main__` starts it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.fuzz import corpus
from tests.fuzz.corpus import Entry
from tests.fuzz.parts import PARTS, SHARES
from tests.fuzz.schemas import SCHEMAS
from tests.fuzz.session import Session
from tests.fuzz.shrink import shrink
from tests.fuzz.ways import Difference, Ways


def main(seconds: float, seed: int, part: str, folder: Path, found: Path) -> int:
    """Fuzz all parts, or one, with the builds in a folder; what is found goes into another."""
    session = Session(seed, folder, found)
    wanted = SHARES if part == "all" else {part: 1.0}
    try:
        for name, share in wanted.items():
            PARTS[name](session, share * seconds)
    except (Difference, AssertionError) as error:
        print(f"fuzz: {error}", flush=True)
        if isinstance(error, Difference) and error.entry:
            keep(error.entry, found)
        return 1
    return 0


def keep(entry: Entry, folder: Path) -> None:
    """Write a body, as short as it gets if it alone shows the difference."""
    ways = Ways(SCHEMAS[entry.schema])

    def still_fails(shorter: bytes) -> bool:
        try:
            ways.look(shorter)
        except Difference:
            return True
        return False

    least = Entry(entry.schema, shrink(entry.body, still_fails)) if still_fails(entry.body) else entry
    print(f"fuzz: {least} is kept in {corpus.keep_found(least, folder)}", flush=True)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5])))
