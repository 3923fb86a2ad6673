"""The loop over bodies: make one, take it all ways, keep it where it showed something new."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from tests.fuzz.build import Counters
from tests.fuzz.corpus import Entry
from tests.fuzz.grammar import Grammar
from tests.fuzz.mutation import mutate
from tests.fuzz.ways import Difference, Ways

RARELY = 0.05  # how often a wide schema gets its turn, whose bodies take long
LONGEST_KEPT = 5000  # bytes


class Current:
    """The body in hand, in a file that outlives a crash of the process."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(1 << 20))
        self._file = path.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), 0)

    def set(self, entry: Entry) -> None:
        record = f"{entry.schema} {len(entry.body)}\n".encode() + entry.body
        self._map[: len(record)] = record

    @staticmethod
    def read(path: Path) -> Entry | None:
        head, _, rest = path.read_bytes().partition(b"\n")
        name, _, length = head.decode().partition(" ")
        return Entry(name, rest[: int(length)]) if length else None


class BodyFuzzer:
    """Fuzzes the bodies of some schemas from one seed."""

    def __init__(
        self,
        ways: Mapping[str, Ways],
        rng: Random,
        corpus: Iterable[Entry] = (),
        *,
        counters: Counters | None = None,
        current: Current | None = None,
    ) -> None:
        self._ways = ways
        self._rng = rng
        self._counters, self._current = counters, current
        self._grammars = {name: Grammar(way.schema, rng) for name, way in ways.items()}
        self._weights = [RARELY if len(way.schema.features) > 100 else 1.0 for way in ways.values()]
        self.pool: dict[str, list[bytes]] = {name: [] for name in ways}
        self.outcomes: set[tuple[str, str]] = set()
        self.edges = 0
        self.executions = self.native = 0
        self._live = counters.live.value if counters else 0
        for entry in corpus:
            if entry.schema in ways:
                self.run(entry)

    def step(self) -> None:
        """Make a body and look at it; raises Difference."""
        (name,) = self._rng.choices(list(self._ways), self._weights)
        pool = self.pool[name]
        if pool and self._rng.random() < 0.5:
            body = mutate(self._rng, self._rng.choice(pool), pool)
        else:
            body = self._grammars[name].body()
        self.run(Entry(name, body))

    def run(self, entry: Entry) -> None:
        """Look at a body; raises Difference."""
        if self._current:
            self._current.set(entry)
        try:
            outcome = self._ways[entry.schema].look(entry.body)
            self._look_at_memory(entry)
        except Difference as difference:
            difference.entry = entry
            raise
        self.executions += 1
        self.native += outcome.startswith("native")
        if self._is_new(entry, outcome):
            self.pool[entry.schema].append(entry.body)

    def _is_new(self, entry: Entry, outcome: str) -> bool:
        found = self._counters.edges() if self._counters else 0
        is_new = (entry.schema, outcome) not in self.outcomes or bool(found & ~self.edges)
        self.edges |= found
        self.outcomes.add((entry.schema, outcome))
        return is_new and len(entry.body) <= LONGEST_KEPT

    def _look_at_memory(self, entry: Entry) -> None:
        """Nothing leaks; and where memory runs short, the native way doubts or answers as ever."""
        native = self._ways[entry.schema].native
        if not self._counters or native is None:
            return
        if self._rng.random() < 0.01:
            self._counters.shortage.value = self._rng.randrange(3)
            native.decode(entry.body)
            self._counters.shortage.value = -1
        if self._counters.live.value != self._live:
            raise Difference(f"{self._counters.live.value - self._live} blocks of memory are not given back")

    def cover(self) -> list[Entry]:
        """Give the shortest bodies that together show all that was seen."""
        entries = sorted((Entry(name, body) for name, bodies in self.pool.items() for body in bodies), key=_length)
        again = BodyFuzzer(self._ways, Random(0), counters=self._counters)
        for entry in entries:
            again.run(entry)
        return [Entry(name, body) for name, bodies in again.pool.items() for body in bodies]


def _length(entry: Entry) -> int:
    return len(entry.body)
