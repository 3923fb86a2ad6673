"""Has it become slower? Ratios within one run are held against the ratios of the results that were last committed.

Absolute figures are never compared: they are of one machine and one hour. Each ratio has something in it that is not
ours (XGBoost, msgspec, pandas, a constant answer of the same server) and is told so that more is better.
"""

import json
import math
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

# How much less than before a ratio may be, by the first words of its name. In two runs on the same code, half an hour
# apart on a machine idle otherwise, they fell by at most: engine 5 %, encode 3, CPU 10, requests/s 17, start 30
# (a constant starts in 0.1 s), memory 0, shapes 24. Beside other work they differ more: look at the load average first.
TOLERANCES = {
    "engine": 0.15,
    "encode": 0.20,
    "CPU": 0.20,
    "requests/s": 0.30,
    "start": 0.30,
    "memory": 0.05,
    "shapes": 0.30,
}


@dataclass(frozen=True)
class Change:
    """One ratio before and now; None where there is none."""

    name: str
    before: float | None
    now: float | None

    @property
    def tolerance(self) -> float:
        return TOLERANCES[self.name.partition(":")[0]]

    @property
    def worse(self) -> bool:
        """Whether it fell by more than is tolerated, or is gone."""
        if self.before is None:
            return False
        return self.now is None or not self.now >= self.before * (1 - self.tolerance)

    @property
    def verdict(self) -> str:
        if self.before is None:
            return "new"
        if self.now is None:
            return "**gone**"
        return "**worse**" if self.worse else "as before" if self.now < self.before * (1 + self.tolerance) else "better"


def changes(before: Mapping[str, float], now: Mapping[str, float]) -> list[Change]:
    """Give every ratio of either run, in the order of this one; a figure that is no number counts as gone."""
    names = [*now, *(name for name in before if name not in now)]
    return [Change(name, _number(before.get(name)), _number(now.get(name))) for name in names]


def _number(figure: float | None) -> float | None:
    return figure if figure is not None and math.isfinite(figure) else None


def table(found: list[Change]) -> str:
    """Markdown: one line a ratio."""
    lines = ["| ratio, more is better | committed | now | change | tolerated | |", "|---|---:|---:|---:|---:|---|"]
    for change in found:
        share = "" if not (change.before and change.now) else f"{change.now / change.before - 1:+.0%}"
        figures = " | ".join("" if figure is None else f"{figure:.3g}" for figure in (change.before, change.now))
        lines.append(f"| {change.name} | {figures} | {share} | -{change.tolerance:.0%} | {change.verdict} |")
    return "\n".join(lines)


def ratios(results: Mapping[str, Any]) -> dict[str, float]:
    """Give the ratios of the results of `make bench`, by name.

    Args:
        results: what benchmarks/results/NAME.json holds, by NAME; parts that are not there have no ratios.
    """
    parts = {"engine": _engine, "encode": _encode, "serving": _serving, "shapes": _shapes}
    return {name: figure for part in parts if part in results for name, figure in parts[part](results[part]).items()}


def _engine(results: Mapping[str, Any]) -> dict[str, float]:
    return {
        f"engine: inplace_predict / ours, {n_rows} rows": by["inplace_predict"] / by["native"]
        for n_rows, by in results["cpu_us"].items()
    }


def _encode(results: Mapping[str, Any]) -> dict[str, float]:
    return {
        f"encode: {slower} / {faster}, {n_rows} rows": by[slower] / by[faster]
        for n_rows, by in results["cpu_us"].items()
        for slower, faster in (("msgspec", "native"), ("pandas", "msgspec"))
        if faster in by
    }


def _serving(results: Mapping[str, Any]) -> dict[str, float]:
    servers = results["servers"]
    ours, constant, logged = (servers[name] for name in ("mlapi", "constant", "mlapi-log"))
    found = {
        "start: constant / ours": constant["start_s"] / ours["start_s"],
        "memory: constant / ours": constant["resident_mib"] / ours["resident_mib"],
    }
    for shape, load in ours["load"].items():
        beside, kept = constant["load"][shape], logged["load"][shape]
        found[f"CPU: constant / ours, {shape}"] = beside["cpu_us"] / load["cpu_us"]
        found[f"CPU: constant / log on, {shape}"] = beside["cpu_us"] / kept["cpu_us"]
        found[f"requests/s: ours / constant, {shape}"] = load["requests_per_s"] / beside["requests_per_s"]
    return found


def _shapes(results: Mapping[str, Any]) -> dict[str, float]:
    shapes, most = results["shapes"], results["capacity_per_s"]["1"]
    asked = ("steady at 70 %", "mixed rows at 70 %")
    return {f"shapes: share answered, {name}": shapes[name]["answered"] for name in asked} | {
        "shapes: answered/s under tenfold overload / most in a closed loop": shapes["overload"]["good_per_s"] / most
    }


def committed(name: str) -> dict[str, Any] | None:
    """Give the results as they were last committed, else as they lie on disk; None where there are none."""
    path = f"benchmarks/results/{name}.json"
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=HERE.parent, capture_output=True, check=False)
    if shown.returncode == 0:
        return dict(json.loads(shown.stdout))
    file = HERE.parent / path
    return dict(json.loads(file.read_text())) if file.exists() else None
