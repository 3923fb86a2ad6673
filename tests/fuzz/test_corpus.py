"""The kept bodies again, by every way, and some of them as whole requests."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from mlapi.bundle import native
from tests.fixtures.extension import needs_extension
from tests.fuzz import corpus
from tests.fuzz.corpus import Entry
from tests.fuzz.exchanges import NAMES, Pair, ask_for
from tests.fuzz.formats import FormatFuzzer
from tests.fuzz.fuzzer import BodyFuzzer
from tests.fuzz.grammar import Grammar
from tests.fuzz.schemas import SCHEMAS
from tests.fuzz.tables import TableFuzzer
from tests.fuzz.ways import Ways
from tests.fuzz.wire import Wire, pieces_of, request

ENTRIES = corpus.read()


def test_the_corpus_is_small_and_says_much() -> None:
    assert len(ENTRIES) >= 200
    assert {entry.schema for entry in ENTRIES} == set(SCHEMAS)
    assert sum(path.stat().st_size for path in corpus.FOLDER.iterdir()) <= 300_000


@pytest.mark.parametrize("name", SCHEMAS)
def test_all_ways_say_the_same_of_every_kept_body(name: str) -> None:
    ways = Ways(SCHEMAS[name])
    outcomes = {ways.look(body) for schema, body in ENTRIES if schema == name}
    assert len(outcomes) >= 5, outcomes


def test_all_ways_say_the_same_of_new_bodies() -> None:
    fuzzer = BodyFuzzer({name: Ways(schema) for name, schema in SCHEMAS.items()}, Random(5), ENTRIES)
    for _ in range(500):
        fuzzer.step()
    assert fuzzer.executions == len(ENTRIES) + 500


@pytest.mark.parametrize("name", ["churn", "categories"])
def test_whole_requests_get_the_same_answer_and_leave_the_same_line(name: str, tmp_path: Path) -> None:
    assert name in NAMES
    rng = Random(3)
    bodies = [body for schema, body in ENTRIES if schema == name]
    with Pair(name, tmp_path) as pair:
        statuses = {pair.compare(Entry(name, body), ask_for(rng, body)) for body in bodies}
        assert statuses >= {"200", "400", "422"}
        assert pair.compare_metrics() > 20


@needs_extension
def test_connections_get_the_same_answers_by_the_express_and_without(tmp_path: Path) -> None:
    rng = Random(7)
    grammar = Grammar(SCHEMAS["churn"], rng)
    with Wire("churn", tmp_path) as wire:
        for _ in range(600):
            wire.compare(pieces_of(rng, [request(rng, grammar.body()) for _ in range(rng.randint(1, 4))]))
        assert min(wire.taken[True], wire.taken[False]) > 50


def test_the_same_rows_get_the_same_answer_in_every_format() -> None:
    fuzzer = FormatFuzzer(Random(4))
    for _ in range(300):
        fuzzer.step()
    assert min(fuzzer.outcomes["Accepted"], fuzzer.outcomes["Refused"]) > 50


@needs_extension
def test_damaged_tables_are_refused_or_walked_without_harm() -> None:
    extension = native.extension()
    assert extension is not None
    fuzzer = TableFuzzer(extension, Random(2))
    for _ in range(300):
        fuzzer.step()
    assert fuzzer.outcomes["Padded walked"] > 20
    assert fuzzer.outcomes["Plain walked"] > 20
    assert fuzzer.outcomes["Padded at once"] > 20
    assert len(fuzzer.outcomes) > 10
