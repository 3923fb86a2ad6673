"""The comparison with the committed results: it must notice what is slower, and nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bench, regression
from benchmarks.regression import Change, changes, ratios

RESULTS = Path(regression.HERE) / "results"
Results = dict[str, Any]


@pytest.fixture
def results() -> Results:
    """What is committed."""
    return {name: json.loads((RESULTS / f"{name}.json").read_text()) for name in bench.PARTS}


def slower(by: dict[str, float], name: str) -> None:
    by[name] *= 1.5


def slower_engine(results: Results) -> None:
    slower(results["engine"]["cpu_us"]["1000"], "native")


def slower_decoder(results: Results) -> None:
    slower(results["encode"]["cpu_us"]["100"], "native")


def slower_request(results: Results) -> None:
    slower(results["serving"]["servers"]["mlapi"]["load"]["1 row, c 32"], "cpu_us")


def slower_log(results: Results) -> None:
    slower(results["serving"]["servers"]["mlapi-log"]["load"]["1 row, c 1"], "cpu_us")


def slower_start(results: Results) -> None:
    slower(results["serving"]["servers"]["mlapi"], "start_s")


def larger(results: Results) -> None:
    slower(results["serving"]["servers"]["mlapi"], "resident_mib")


def fewer_a_second(results: Results) -> None:
    results["serving"]["servers"]["mlapi"]["load"]["1000 rows, c 4"]["requests_per_s"] /= 1.5


def refused_at_ease(results: Results) -> None:
    results["shapes"]["shapes"]["steady at 70 %"]["answered"] /= 1.5


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        (slower_engine, "engine: inplace_predict / ours, 1000 rows"),
        (slower_decoder, "encode: msgspec / native, 100 rows"),
        (slower_request, "CPU: constant / ours, 1 row, c 32"),
        (slower_log, "CPU: constant / log on, 1 row, c 1"),
        (slower_start, "start: constant / ours"),
        (larger, "memory: constant / ours"),
        (fewer_a_second, "requests/s: ours / constant, 1000 rows, c 4"),
        (refused_at_ease, "shapes: share answered, steady at 70 %"),
    ],
)
def test_a_planted_slowdown_fails_and_is_named(
    results: Results, plant: Any, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = copy.deepcopy(results)
    plant(now)
    assert bench.judge(results, now, accept=False) == 1
    printed = capsys.readouterr()
    assert named in printed.err
    assert any(named in line and "**worse**" in line for line in printed.out.splitlines())


def test_the_same_again_passes(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.judge(results, copy.deepcopy(results), accept=False) == 0
    assert "worse" not in capsys.readouterr().out


def test_a_machine_of_half_the_speed_passes(results: Results) -> None:
    now = copy.deepcopy(results)
    for part in ("engine", "encode"):
        for by in now[part]["cpu_us"].values():
            by.update({name: 2 * figure for name, figure in by.items()})
    for server in now["serving"]["servers"].values():
        server["start_s"] *= 2
        for load in server["load"].values():
            load["cpu_us"], load["requests_per_s"] = 2 * load["cpu_us"], load["requests_per_s"] / 2
    assert bench.judge(results, now, accept=False) == 0


def test_accepting_prints_the_same_and_passes(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    now = copy.deepcopy(results)
    slower_engine(now)
    assert bench.judge(results, now, accept=True) == 0
    assert "slower than committed" in capsys.readouterr().err


def test_a_part_that_was_never_committed_is_new(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.judge({}, {"engine": results["engine"]}, accept=False) == 0
    assert "| new |" in capsys.readouterr().out


def test_a_ratio_that_is_gone_fails(results: Results) -> None:
    now = copy.deepcopy(results)
    for by in now["encode"]["cpu_us"].values():
        del by["native"]
    assert bench.judge(results, now, accept=False) == 1


@pytest.mark.parametrize("now", [None, float("nan"), 0.79])
def test_missing_unreadable_and_too_small_are_worse(now: float | None) -> None:
    (change,) = changes({"encode: a": 1.0}, {} if now is None else {"encode: a": now})
    assert change.worse


def test_what_is_within_the_tolerance_is_not() -> None:
    assert not Change("encode: a", 1.0, 0.81).worse


def test_every_ratio_has_a_tolerance(results: Results) -> None:
    assert all(0 < Change(name, 1.0, 1.0).tolerance < 0.5 for name in ratios(results))


def test_results_are_read_as_they_were_committed() -> None:
    assert regression.committed("no such part") is None
    assert regression.committed("engine") is not None
