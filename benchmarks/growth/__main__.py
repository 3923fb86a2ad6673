"""How cost grows with rows, features, trees, depth, classes, categories and connections.

Run as `make bench-growth` or `python -m benchmarks.growth`: about six minutes. One thing is varied at a time
(`axes.py`); every model is a real booster in a whole bundle, loaded and called in a process of its own. Figures go to
benchmarks/results/growth.json, the picture to benchmarks/growth.svg, the table to benchmarks/README.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import load, report
from benchmarks.growth import plot
from benchmarks.growth.axes import BASE, CONNECTIONS, MODELS, ROWS
from benchmarks.growth.synthesis import Shape, make
from benchmarks.growth.table import growth_table
from benchmarks.load import WrkMissing
from benchmarks.peers import machine, model
from benchmarks.peers.catalogue import KEY, PEERS
from benchmarks.serving import bench_of

SIZES = (1, 100)  # rows of a call, of every model


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-growth", description=__doc__)
    parser.add_argument("--only", help="one of what is varied; then the table is printed, not kept")
    chosen = parser.parse_args().only
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    before = machine.describe()
    try:
        axes = measure([chosen] if chosen else ["rows", *MODELS, "connections"])
    except WrkMissing as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    results = {"host": before | {"load_average_after": machine.load_average()}, "axes": axes}
    if chosen:
        print(growth_table(results))
    else:
        report.save("growth", results)
        plot.draw(results, report.HERE / "growth.svg")
    return 0


def measure(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give, by what is varied and by its value, what it cost."""
    found = {}
    for name in names:
        print(f"varying: {name}", file=sys.stderr)
        if name == "rows":
            found[name] = by_rows()
        elif name == "connections":
            found[name] = by_connections()
        else:
            found[name] = {str(value): costs(shape, SIZES) for value, shape in MODELS[name].items()}
    return found


def costs(shape: Shape, sizes: Sequence[int]) -> dict[str, Any]:
    """Make a bundle and measure it in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="growth-") as scratch:
        place = Path(scratch) / "bundle"
        place.with_name("rows.json").write_text(json.dumps(make(shape, place)))
        command = [sys.executable, "-m", "benchmarks.growth.costs", str(place), *map(str, sizes)]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=300, cwd=report.HERE.parent
        )
    if ended.returncode:
        raise RuntimeError(f"{shape}: {ended.stderr.strip()}")
    return dict(json.loads(ended.stdout))


def by_rows() -> dict[str, Any]:
    """Give the costs of the one model by the rows of a call, in the form that those of several models have."""
    seen = costs(BASE, ROWS)
    times = seen.pop("cpu_us")
    return {str(n): seen | {"cpu_us": {what: {"all": by[str(n)]} for what, by in times.items()}} for n in ROWS}


def by_connections() -> dict[str, Any]:
    """Load our server over more and more connections, one row a request."""
    with tempfile.TemporaryDirectory(prefix="growth-") as scratch:
        bench = bench_of(model.make(Path(scratch)), seconds=1)
        found = {}
        with bench.serving("mlapi", PEERS["mlapi"]) as server:
            server.settle()
            url, body = f"http://127.0.0.1:{server.port}/predict", PEERS["mlapi"].encode(bench.model.rows[:1])
            for connections in CONNECTIONS:
                spent = server.cpu_s()
                seen = load.post(url, body, KEY, concurrency=connections, duration_s=bench.seconds)
                cpu_us = (server.cpu_s() - spent) / max(seen.requests, 1) * 1e6
                found[str(connections)] = vars(seen) | {"cpu_us": cpu_us}
    return found


if __name__ == "__main__":
    raise SystemExit(main())
