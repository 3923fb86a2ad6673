"""A model of the synthetic table, trained and promoted as a user would, with what `mlapi train` does by default."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import tables

KEY = "mlk_benchmark_0123456789abcdef"


def prepare(scratch: Path) -> None:
    """Train on the synthetic table and promote, by the same commands as a user."""
    data = tables.write_adult_like(scratch / "adult_like.csv")
    for command in (
        ["train", "--data", str(data), "--target", "label", "--name", "adult_like"],
        ["models", "promote", "adult_like"],
        ["follow", "--once"],
    ):
        environ = {"MLAPI_STATE_DIR": str(scratch / "state"), "PATH": "/usr/bin:/bin"}
        subprocess.run([sys.executable, "-m", "mlapi.cli.main", *command], env=environ, check=True, capture_output=True)


def example_body(scratch: Path) -> bytes:
    """One row of the table as a request body."""
    header, first = (scratch / "adult_like.csv").read_text().splitlines()[:2]
    row: dict[str, object] = dict(zip(header.split(",")[:-1], first.split(",")[:-1], strict=True))
    row = {name: float(str(cell)) if name.startswith("number") and cell else cell or None for name, cell in row.items()}
    return json.dumps({"data": [row]}).encode()
