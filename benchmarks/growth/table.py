"""The tables of benchmarks/growth: what each value cost, and how steeply that grows."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.bench_tables import origin

Points = Sequence[tuple[float, float]]


def growth_table(results: dict[str, Any]) -> str:
    """Markdown: one line for each thing that is varied, with its cost at both ends and the steepness of each step."""
    lines = [
        "| varied | from … to | what | from … to | grows with its power, step by step |",
        "|---|---|---|---|---|",
    ]
    for name, values in results["axes"].items():
        for what, points in curves(name, values).items():
            lines.append(_line(name, what, points))
    return "\n".join(lines) + (f"\n\n{origin(results)}\n" if "machine" in results else "\n")


def curves(name: str, values: Mapping[str, Any]) -> dict[str, Points]:
    """Give every curve of one thing that is varied, as (value, figure)."""
    if name == "connections":
        ways = ("requests_per_s", "p50_ms", "p99_ms", "cpu_us")
        return {way: [(float(x), seen[way]) for x, seen in values.items()] for way in ways}
    first = next(iter(values.values()))
    found: dict[str, Points] = {
        f"{what}, {_rows(size)}": [(float(x), seen["cpu_us"][what][size]) for x, seen in values.items()]
        for what in ("engine", "predict")
        for size in first["cpu_us"][what]
    }
    if name != "rows":
        found |= {
            what: [(float(x), seen[what]) for x, seen in values.items()]
            for what in ("bundle_mib", "load_s", "added_mib")
        }
    return found


def powers(points: Points) -> list[float]:
    """Give how steep each step is: 0 stays, 1 grows as the value does, 2 as its square; NaN where nothing was seen."""
    return [
        math.log(y2 / y1) / math.log(x2 / x1) if min(y1, y2) > 0 else math.nan
        for (x1, y1), (x2, y2) in itertools.pairwise(points)
    ]


def _rows(size: str) -> str:
    return "µs a call" if size == "all" else f"µs a call of {size} row{'s' if size != '1' else ''}"


def _line(name: str, what: str, points: Points) -> str:
    (least, low), (most, high) = points[0], points[-1]
    steps = ", ".join("" if math.isnan(power) else f"{power:.1f}" for power in powers(points))
    return f"| {name} | {least:,.0f} … {most:,.0f} | {what} | {low:,.3g} … {high:,.3g} | {steps} |"
