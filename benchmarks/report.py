"""Results on disk, and the tables of benchmarks/README.md that are made from them."""

import importlib.metadata
import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

from benchmarks.cold_table import cold_table
from benchmarks.engine_table import engine_table
from benchmarks.peers.table import peers_table
from benchmarks.quality_table import quality_table

HERE = Path(__file__).parent
LIBRARIES = ("fastapi", "uvicorn", "msgspec", "numpy", "xgboost-cpu")


def save(name: str, results: dict[str, object]) -> None:
    """Write results/NAME.json and the table of that name between its markers in README.md."""
    versions = {library: importlib.metadata.version(library) for library in LIBRARIES}
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "libraries": versions}
    full = {"machine": machine, **results}
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / f"{name}.json").write_text(json.dumps(full, indent=2) + "\n")
    table = TABLES[name](full)
    path = HERE / "README.md"
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    path.write_text(re.sub(pattern, lambda m: m[1] + table + m[2], path.read_text(), flags=re.DOTALL))
    print(table, file=sys.stdout)


def serving_table(results: dict[str, Any]) -> str:
    """Markdown: one line a server, and the service's share of the bare route."""
    lines = [
        "| server | start to first 200, s | resident, MiB | 1 row, c 1: req/s · p50/p99 ms | 1 row, c 32 |",
        "|---|---|---|---|---|",
    ]
    for name, label in (("mlapi", "mlapi, one worker"), ("constant", "bare framework route, constant answer")):
        cells = [_load(results["load"][name][c]) for c in ("1", "32")]
        start, memory = results["start_s"][name], results["resident_mib"][name]
        lines.append(f"| {label} | {start:.2f} | {memory:.0f} | {' | '.join(cells)} |")
    share = [
        results["load"]["mlapi"][c]["requests_per_s"] / results["load"]["constant"][c]["requests_per_s"]
        for c in ("1", "32")
    ]
    start = results["start_s"]["mlapi"] / results["start_s"]["constant"]
    memory = results["resident_mib"]["mlapi"] / results["resident_mib"]["constant"]
    lines.append(f"| ratio | {start:.2f} | {memory:.2f} | {share[0]:.2f} | {share[1]:.2f} |")
    follower = ", ".join(f"{size:.0f} MiB" for size in results["follower_mib"]) or "none"
    machine = results["machine"]
    versions = ", ".join(f"{library} {version}" for library, version in machine["libraries"].items())
    note = (
        f"\nMedians of {results['rounds']} interleaved rounds of {results['seconds']} s, wrk on the same "
        f"{machine['cores']} cores, Python {machine['python']}, {versions}. "
        f"The follower, a process of its own, holds {follower}.\n"
    )
    return "\n".join(lines) + "\n" + note


def _load(load: dict[str, float]) -> str:
    failed = f" · {load['failed']:.0f} failed" if load["failed"] else ""
    return f"{load['requests_per_s']:.0f} · {load['p50_ms']:.2f}/{load['p99_ms']:.2f}{failed}"


TABLES = {
    "cold": cold_table,
    "engine": engine_table,
    "peers": peers_table,
    "quality": quality_table,
    "serving": serving_table,
}
