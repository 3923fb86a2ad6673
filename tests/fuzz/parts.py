"""The five parts of a run, each for some seconds; they raise Difference or AssertionError at what they find."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.fuzz import corpus
from tests.fuzz.build import ROWS, TREES
from tests.fuzz.corpus import Entry
from tests.fuzz.formats import FormatFuzzer
from tests.fuzz.fuzzer import BodyFuzzer
from tests.fuzz.grammar import Grammar
from tests.fuzz.mutation import mutate
from tests.fuzz.replay import plans
from tests.fuzz.schemas import SCHEMAS
from tests.fuzz.session import Progress, Session
from tests.fuzz.ways import Ways


def fuzz_bodies(session: Session, seconds: float) -> None:
    """Fuzz bodies."""
    extension, counters = session.load(ROWS)
    plans(extension, counters)
    ways = {name: Ways(schema) for name, schema in SCHEMAS.items()}
    progress = Progress("bodies", seconds)
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
    corpus.write(fuzzer.cover(), session.folder / "corpus" / "bodies.jsonl")


def fuzz_requests(session: Session, seconds: float) -> None:
    """Fuzz whole requests."""
    from tests.fuzz.exchanges import NAMES, Pair, ask_for

    session.load(ROWS)
    session.load(TREES)
    rng, current = Random(session.seed), session.current
    kept = [entry for entry in corpus.read() if entry.schema in NAMES]
    statuses: Counter[str] = Counter()
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


def fuzz_wire(session: Session, seconds: float) -> None:
    """Fuzz bytes on connections."""
    from tests.fuzz.wire import Wire, pieces_of, request

    session.load(ROWS)
    session.load(TREES)
    rng, name = Random(session.seed), "churn"
    pool = [entry.body for entry in corpus.read() if entry.schema == name]
    grammar = Grammar(SCHEMAS[name], rng)
    answers: Counter[int] = Counter()
    with TemporaryDirectory() as folder, Wire(name, Path(folder)) as wire:
        progress = Progress("wire", seconds)
        while not progress.is_over(
            lambda: f"{answers.total()} connections, answers {dict(answers)}, {dict(wire.taken)}"
        ):
            bodies = [rng.choice(pool) if rng.random() < 0.1 else grammar.body() for _ in range(rng.randint(1, 4))]
            pieces = pieces_of(rng, [request(rng, body) for body in bodies])
            session.current.set(Entry(name, b"".join(pieces)))
            answers[wire.compare(pieces)] += 1


def fuzz_tables(session: Session, seconds: float) -> None:
    """Damage tables of the tree engine."""
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
    """Send the same rows in every format."""
    session.load(ROWS)
    fuzzer, progress = FormatFuzzer(Random(session.seed)), Progress("formats", seconds)
    while not progress.is_over(lambda: f"{fuzzer.outcomes.total()} tables, {dict(fuzzer.outcomes)}"):
        for _ in range(20):
            fuzzer.step()


PARTS = {
    "bodies": fuzz_bodies,
    "requests": fuzz_requests,
    "wire": fuzz_wire,
    "formats": fuzz_formats,
    "tables": fuzz_tables,
}
SHARES = {"bodies": 0.67, "requests": 0.07, "wire": 0.07, "formats": 0.04, "tables": 0.15}  # of the time
