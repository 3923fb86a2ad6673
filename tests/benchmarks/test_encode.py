"""The measurement of decoding: its ways agree, and a slowdown shows in its ratios."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks import encode
from benchmarks.regression import changes, ratios
from mlapi.bundle.model import load
from tests.app.bundles import ROW, bundle


def measured() -> dict[str, dict[str, Any]]:
    rows = [ROW] * 1000
    return {"encode": encode.measure(load(bundle()).encoder, rows, rounds=2)}


def test_every_way_gives_the_same_matrix() -> None:
    found = measured()["encode"]
    assert set(found["different_cells"]) >= {"msgspec", "pandas"}
    assert set(found["different_cells"].values()) == {0}


def test_a_decoder_that_works_ten_times_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ratios(measured())
    ways_of = encode.ways_of

    def slow(encoder: Any) -> dict[str, encode.Way]:
        ways = ways_of(encoder)
        return ways | {"msgspec": tenfold(ways["msgspec"])}

    monkeypatch.setattr(encode, "ways_of", slow)
    worse = [change.name for change in changes(before, ratios(measured())) if change.worse]
    assert "encode: pandas / msgspec, 1000 rows" in worse


def tenfold(way: encode.Way) -> Callable[[bytes], Any]:
    return lambda body: [way(body) for _ in range(10)][-1]
