"""The process that fuzzes, with the sanitizers loaded: `tests.fuzz.__main__` starts it."""

from __future__ import annotations

import collections
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import NamedTuple

from tests.fuzz import corpus
from tests.fuzz.build import ROWS, TREES, Counters, Unit, library_of, load
from tests.fuzz.corpus import Entry
from tests.fuzz.formats import FormatFuzzer
from tests.fuzz.fuzzer import BodyFuzzer, Current
from tests.fuzz.grammar import Grammar
from tests.fuzz.mutation import mutate
from tests.fuzz.replay import plans
from tests.fuzz.schemas import SCHEMAS
from tests.fuzz.shrink import shrink
from tests.fuzz.ways import Difference, Ways

SHARES = {"bodies": 0.68, "requests": 0.13, "formats": 0.04, "tables": 0.15}


class Session(NamedTuple):
    """What all parts share."""

    seed: int
    folder: Path
    found: Path

    def load(self, unit: Unit) -> tuple[ModuleType, Counters]:
        """Put the sanitized build of an extension in the installed one's place."""
        library = library_of(unit, "sanitized", self.folder)
        return load(unit, library), Counters(library)

    @property
    def current(self) -> Current:
        return Current(self.folder / "current")


class Progress:
    """A line now and then."""

    def __init__(self, what: str, seconds: float) -> None:
        self._what, self._seconds = what, seconds
        self._began = self._told = time.monotonic()

    def is_over(self, tell: Callable[[], str]) -> bool:
        """Whether time is up; prints a line every ten seconds and at the end."""
        now = time.monotonic()
        over = now - self._began >= self._seconds
        if over or now - self._told >= 10:
            print(f"{self._what} {now - self._began:6.0f} s: {tell()}", flush=True)
            self._told = now
        return over


def fuzz_bodies(session: Session, seconds: float) -> None:
    """Fuzz bodies; raises Difference."""
    extension, counters = session.load(ROWS)
    plans(extension, counters)
    ways = {name: Ways(schema) for name, schema in SCHEMAS.items()}
    progress = Progress("bodies", seconds)
    try:
        fuzzer = BodyFuzzer(ways, Random(session.seed), corpus.read(), counters=counters, current=session.current)
        began = time.monotonic()

        def told() -> str:
            pace = fuzzer.executions / (time.monotonic() - began)
            kept = sum(map(len, fuzzer.pool.values()))
            return (
                f"{fuzzer.executions} bodies ({100 * fuzzer.native / fuzzer.executions:.0f} % native), {pace:.0f}/s, "
                f"{len(fuzzer.outcomes)} outcomes, {fuzzer.edges.bit_count()} edges and counts, {kept} kept"
            )

        while not progress.is_over(told):
            for _ in range(100):
                fuzzer.step()
    except Difference as difference:
        _keep(difference, ways, session.found)
        raise
    corpus.write(fuzzer.cover(), session.folder / "corpus" / "bodies.jsonl")


def fuzz_requests(session: Session, seconds: float) -> None:
    """Fuzz whole requests; raises Difference."""
    from tests.fuzz.exchanges import NAMES, Pair, ask_for

    session.load(ROWS)
    session.load(TREES)
    rng, current = Random(session.seed), session.current
    kept = [entry for entry in corpus.read() if entry.schema in NAMES]
    statuses: collections.Counter[str] = collections.Counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        pairs = {name: stack.enter_context(Pair(name, folder / name)) for name in NAMES}
        bodies = {name: [body for schema, body in kept if schema == name] for name in NAMES}
        grammars = {name: Grammar(SCHEMAS[name], rng) for name in NAMES}
        progress = Progress("requests", seconds)
        while not progress.is_over(lambda: f"{statuses.total()} requests, statuses {dict(statuses)}"):
            name = rng.choice(list(NAMES))
            pool = bodies[name]
            body = mutate(rng, rng.choice(pool), pool) if pool and rng.random() < 0.4 else grammars[name].body()
            current.set(Entry(name, body))
            statuses[pairs[name].compare(Entry(name, body), ask_for(rng, body))] += 1
        samples = [pair.compare_metrics() for pair in pairs.values()]
    print(f"requests: the same {sum(samples)} counts in the metrics of both")


def fuzz_tables(session: Session, seconds: float) -> None:
    """Damage tables of the tree engine; raises AssertionError."""
    from tests.fuzz.tables import TableFuzzer

    extension, counters = session.load(TREES)
    fuzzer = TableFuzzer(extension, Random(session.seed), counters)
    progress = Progress("tables", seconds)

    def told() -> str:
        walked = sum(count for outcome, count in fuzzer.outcomes.items() if outcome.endswith("walked"))
        total, edges = fuzzer.outcomes.total(), fuzzer.edges.bit_count()
        return f"{total} tables, {walked} walked, {len(fuzzer.outcomes)} outcomes, {edges} edges and counts"

    while not progress.is_over(told):
        for _ in range(100):
            fuzzer.step()


def fuzz_formats(session: Session, seconds: float) -> None:
    """Send the same rows in every format; raises Difference."""
    session.load(ROWS)
    fuzzer, progress = FormatFuzzer(Random(session.seed)), Progress("formats", seconds)
    while not progress.is_over(lambda: f"{fuzzer.outcomes.total()} tables, {dict(fuzzer.outcomes)}"):
        for _ in range(20):
            fuzzer.step()


PARTS = {"bodies": fuzz_bodies, "requests": fuzz_requests, "formats": fuzz_formats, "tables": fuzz_tables}


def _keep(difference: Difference, ways: dict[str, Ways], folder: Path) -> None:
    assert difference.entry is not None
    schema, body = difference.entry

    def still_fails(shorter: bytes) -> bool:
        try:
            ways[schema].look(shorter)
        except Difference:
            return True
        return False

    least = corpus.Entry(schema, shrink(body, still_fails) if still_fails(body) else body)
    print(f"fuzz: {least} is kept in {corpus.keep_found(least, folder)}", flush=True)


def main(seconds: float, seed: int, part: str, folder: Path, found: Path) -> int:
    """Fuzz all parts, or one, with the builds in a folder; what is found goes into another."""
    session = Session(seed, folder, found)
    wanted = SHARES if part == "all" else {part: 1.0}
    try:
        for name, share in wanted.items():
            PARTS[name](session, share * seconds)
    except (Difference, AssertionError) as difference:
        print(f"fuzz: {difference}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5])))
