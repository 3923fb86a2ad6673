"""Runs an extension of some library for gcov to count: `python -m tests.fuzz.replay LIBRARY CORPUS`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from random import Random
from types import ModuleType

from tests.fuzz.build import ROWS, TREES, Counters, load
from tests.fuzz.corpus import read
from tests.fuzz.schemas import SCHEMAS
from tests.fuzz.ways import Ways

TABLES = 5000
GOOD = {"names": (b"x",), "kinds": b"c", "nullable": b"0", "limits": bytes(16), "categories": ((b"a",),), "max_rows": 1}
BAD = (
    {"names": ()},
    {"names": [b"x"]},
    {"kinds": b"nn"},
    {"nullable": b""},
    {"limits": b""},
    {"categories": ()},
    {"max_rows": 0},
    {"names": ("x",)},
    {"categories": ((1,),)},
    {"categories": (1,)},
)


def plans(extension: ModuleType, counters: Counters) -> None:
    """Make plans that do not fit together, and good ones while memory runs short; none may leave memory behind.

    Raises:
        AssertionError: one did, or a bad plan was taken.
    """
    live = counters.live.value
    for changed in BAD:
        with contextlib.suppress(ValueError, TypeError, SystemError):
            extension.Plan(**{**GOOD, **changed})
            raise AssertionError(changed)
    for left in range(20):
        counters.shortage.value = left
        with contextlib.suppress(MemoryError):
            extension.Plan(**GOOD)
        counters.shortage.value = -1
    with contextlib.suppress(TypeError):
        extension.Plan(**GOOD).decode("text")
    assert counters.live.value == live, "a plan left memory behind"


def main(library: Path, corpus: Path) -> None:
    """Replay bodies, or damage some tables where the library is the tree engine's."""
    if library.stem == TREES.name:
        damage(library)
    else:
        replay(library, corpus)


def damage(library: Path) -> None:
    """Walk tables, whole ones and damaged ones."""
    from tests.fuzz.tables import TableFuzzer

    fuzzer = TableFuzzer(load(TREES, library), Random(0), Counters(library))
    for _ in range(TABLES):
        fuzzer.step()


def replay(library: Path, corpus: Path) -> None:
    """Take bodies all ways, and short of memory."""
    extension, counters = load(ROWS, library), Counters(library)
    plans(extension, counters)
    ways = {name: Ways(schema) for name, schema in SCHEMAS.items()}
    for schema, body in [*read(corpus), *read()]:
        ways[schema].look(body)
        for left in range(3):
            counters.shortage.value = left
            if ways[schema].native is not None:
                ways[schema].native.decode(body)
            counters.shortage.value = -1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
