"""How growth is measured, told and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.growth import plot
from benchmarks.growth.__main__ import costs
from benchmarks.growth.axes import MODELS
from benchmarks.growth.synthesis import Shape
from benchmarks.growth.table import curves, growth_table, powers


def of_model(cost: float) -> dict[str, Any]:
    times = {"1": cost, "100": 100 * cost}
    return {"cpu_us": {"engine": times, "predict": times}, "bundle_mib": 1.0, "load_s": 0.1, "added_mib": 0.0}


@pytest.fixture
def results() -> dict[str, Any]:
    """Every axis, with a cost that grows with the square of what is varied."""
    loads = {str(n): {"requests_per_s": 10.0 * n, "p50_ms": 1.0, "p99_ms": 2.0, "cpu_us": 50.0} for n in (1, 2)}
    rows = {str(n): {"cpu_us": {"engine": {"all": n**2}, "predict": {"all": n**2}}} for n in (1, 10)}
    models = {name: {str(n): of_model(n**2) for n in (2, 20)} for name in MODELS}
    return {"axes": {"rows": rows, **models, "connections": loads}}


def test_powers_tell_how_steep_each_step_is() -> None:
    assert powers([(1, 3), (10, 3), (100, 30), (1000, 3000)]) == pytest.approx([0, 1, 2])


def test_a_figure_of_nothing_has_no_power(results: dict[str, Any]) -> None:
    line = next(line for line in growth_table(results).splitlines() if line.startswith("| trees | 2 … 20 | added_mib"))
    assert line.endswith("| 0 … 0 |  |")


def test_the_table_has_every_curve_with_its_ends_and_steps(results: dict[str, Any]) -> None:
    lines = growth_table(results).splitlines()
    assert "| depth | 2 … 20 | engine, µs a call of 100 rows | 400 … 4e+04 | 2.0 |" in lines
    assert "| rows | 1 … 10 | predict, µs a call | 1 … 100 | 2.0 |" in lines
    assert len(lines) == 2 + sum(len(curves(name, values)) for name, values in results["axes"].items())


def test_the_picture_is_drawn_the_same_again(results: dict[str, Any], tmp_path: Path) -> None:
    for name in ("first.svg", "again.svg"):
        plot.draw(results, tmp_path / name)
    picture = (tmp_path / "first.svg").read_text()
    assert picture == (tmp_path / "again.svg").read_text()
    assert all(label in picture for _, label, _, _ in plot.PANELS)


def test_a_small_model_is_made_loaded_and_called() -> None:
    found = costs(Shape(features=4, rounds=3, depth=2, classes=3, categories=3), (1, 10))
    assert found["bundle_mib"] > found["model_mib"] > 0
    assert found["load_s"] >= 0
    assert all(found["cpu_us"][what][size] > 0 for what in ("engine", "predict") for size in ("1", "10"))
