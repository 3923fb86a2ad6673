"""Results on disk, and the tables of benchmarks/README.md that are made from them."""

import importlib.metadata
import json
import os
import platform
import re
import sys
from pathlib import Path

from benchmarks.bench_tables import encode_table, serving_table, shapes_table
from benchmarks.cold_table import cold_table
from benchmarks.engine_table import engine_table
from benchmarks.growth.table import growth_table
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


TABLES = {
    "cold": cold_table,
    "encode": encode_table,
    "engine": engine_table,
    "growth": growth_table,
    "peers": peers_table,
    "quality": quality_table,
    "serving": serving_table,
    "shapes": shapes_table,
}
