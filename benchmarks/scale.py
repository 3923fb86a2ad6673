"""How training and scoring do on a table larger than what they may hold: `python -m benchmarks.scale --rows N`.

Writes results/scale.json and its table in benchmarks/README.md. Each step is a process of its own; its peak memory is
what the kernel says of it at its end (ru_maxrss of wait4(2)): of the largest process where there are several.
With `--limited` the training runs once more in a container that may use 4 GiB and the scoring in one of 1 GiB, where
the kernel ends who takes more; with `--dask` on two Dask workers of 4 GiB each, which their nannies end.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

HERE = Path(__file__).parent
RESULT, README = HERE / "results" / "scale.json", HERE / "README.md"
BEGIN, END = "<!-- scale -->", "<!-- /scale -->"
GROUP_ROWS = 250_000
NUMBERS, WHOLE, TEXTS = 14, 4, 2  # features: 20 in all
PLAIN = """
import sys, numpy as np, xgboost
from pyarrow import parquet
table = parquet.read_table(sys.argv[1])
names = [name for name in table.column_names if name != "outcome"]
cells = [table.column(n).combine_chunks() for n in names]
codes = [c.dictionary_encode().indices if str(c.type) == "string" else c for c in cells]
types = ["c" if str(c.type) == "string" else "q" for c in cells]
matrix = np.stack([c.to_numpy(zero_copy_only=False).astype(np.float32) for c in codes], axis=1)
label = table.column("outcome").to_numpy()
data = xgboost.QuantileDMatrix(matrix, label=label, feature_types=types, enable_categorical=True)
params = {"objective": "binary:logistic", "tree_method": "hist", "learning_rate": 0.05, "max_depth": 6}
xgboost.train(params, data, num_boost_round=int(sys.argv[2]))
"""

IMAGE = "mlapi-training"
# Runs a command and prints its peak memory in KiB, as the last line.
PEAK = """
import resource, subprocess, sys
code = subprocess.call(["mlapi", *sys.argv[1:]], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


@dataclass(frozen=True)
class Step:
    name: str
    seconds: float
    peak_mib: float
    rows_per_s: float


def groups(n_rows: int) -> Iterator[pa.Table]:
    random = np.random.default_rng(1)
    for begin in range(0, n_rows, GROUP_ROWS):
        size = min(GROUP_ROWS, n_rows - begin)
        numbers = random.normal(size=(NUMBERS, size)).astype(np.float32)
        whole = random.integers(0, 1000, (WHOLE, size))
        texts = random.integers(0, 12, (TEXTS, size))
        score = numbers[0] + 0.5 * numbers[1] * numbers[2] + whole[0] / 500 - 1 + 0.3 * (texts[0] == 3)
        columns = {f"x{place}": pa.array(one) for place, one in enumerate(numbers)}
        columns |= {f"n{place}": pa.array(one) for place, one in enumerate(whole)}
        names = np.array([f"level {number}" for number in range(12)])
        columns |= {f"c{place}": pa.array(names[one]) for place, one in enumerate(texts)}
        columns["outcome"] = pa.array((score + random.normal(size=size) > 0).astype(np.int64))
        yield pa.table(columns)


def write(path: Path, n_rows: int) -> None:
    writer = None
    for table in groups(n_rows):
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def measured(name: str, n_rows: int, command: list[str], environment: dict[str, str]) -> Step:
    began = time.monotonic()
    child = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{name} failed")
    step = Step(name, round(seconds, 1), round(usage.ru_maxrss / 1024, 0), round(n_rows / seconds, 0))
    print(step, flush=True)
    return step


def limited(name: str, n_rows: int, folder: Path, limit: str, command: list[str]) -> Step:
    """The same in a container that may use so much memory and no swap."""
    options = ["--memory", limit, "--memory-swap", limit, "--volume", f"{folder}:/data", "--entrypoint", "python"]
    environment = ["--env", "MLAPI_STATE_DIR=/data/limited", "--env", "MLAPI_STORE=file:models"]
    began = time.monotonic()
    done = subprocess.run(
        ["docker", "run", "--rm", *options, *environment, IMAGE, "-c", PEAK, *command],
        stdout=subprocess.PIPE,
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"{name} failed with {done.returncode}; 137 is the kernel, at the limit")
    step = Step(name, round(seconds, 1), round(int(done.stdout.split()[-1]) / 1024, 0), round(n_rows / seconds, 0))
    print(step, flush=True)
    return step


def why_not_limited() -> str | None:
    """Why nothing can be run in a container, None if it can."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    asked = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False)
    return f"no engine answers, or it has no image {IMAGE}; `make images` builds it" if asked.returncode else None


def limited_steps(folder: Path, n_rows: int, train: list[str]) -> Iterator[Step]:
    for path in (folder, *folder.iterdir()):
        path.chmod(0o777)  # for the container's user
    yield limited("mlapi train --engine stream, in 4 GiB", n_rows, folder, "4g", train)
    score = ["score", "/data/scale.parquet", "/data/limited.parquet"]
    yield limited("mlapi score, in 1 GiB", n_rows, folder, "1g", score)


def steps(folder: Path, n_rows: int, rounds: int, *, on_dask: bool, in_limits: bool) -> Iterator[Step]:
    data, state = folder / "scale.parquet", {"MLAPI_STATE_DIR": str(folder / "state"), "MLAPI_STORE": "file:models"}
    write(data, n_rows)
    mlapi = [sys.executable, "-m", "mlapi.cli.main"]
    common = ["--target", "outcome", "--max-rounds", str(rounds), "--learning-rate", "0.05"]
    train = ["train", *common, "--data", str(data)]
    yield measured("mlapi train --engine stream", n_rows, [*mlapi, *train, "--engine", "stream"], state)
    yield measured("mlapi score", n_rows, [*mlapi, "score", str(data), str(folder / "out.parquet")], state)
    yield measured("xgboost.train, all in memory", n_rows, [sys.executable, "-c", PLAIN, str(data), str(rounds)], {})
    if on_dask:
        dask = ["--engine", "dask", "--dask-workers", "2", "--dask-memory", "4GiB"]
        yield measured("mlapi train --engine dask, 2 workers of 4 GiB", n_rows, [*mlapi, *train, *dask], state)
    if in_limits and (reason := why_not_limited()):
        print(f"skipped the steps in containers: {reason}", flush=True)
    elif in_limits:
        within = ["train", *common, "--data", "/data/scale.parquet", "--engine", "stream"]
        yield from limited_steps(folder, n_rows, within)


def table(run: dict[str, Any]) -> str:
    about = (
        f"{run['rows']:,} rows of 20 features, Parquet in row groups of {GROUP_ROWS:,}, {run['rounds']} rounds, "
        f"{run['cpus']} processors, at {run['commit']} of {run['day']}:"
    )
    lines = [
        about,
        "",
        "| step | seconds | peak memory, MiB | rows/s |",
        "|---|---:|---:|---:|",
        *(
            f"| `{one['name']}` | {one['seconds']:,.1f} | {one['peak_mib']:,.0f} | {one['rows_per_s']:,.0f} |"
            for one in run["steps"]
        ),
    ]
    return "\n".join(lines)


def keep(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Put a run in the place of the last one of as many rows; those of other numbers of rows stay."""
    others = [one for one in json.loads(RESULT.read_text(encoding="utf-8")) if one["rows"] != run["rows"]]
    runs = sorted([*others, run], key=lambda one: -int(one["rows"]))
    RESULT.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")
    return runs


def commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, cwd=HERE, capture_output=True, text=True, check=False).stdout.strip() or "no commit"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--dask", action="store_true", help="train on two Dask workers too")
    parser.add_argument("--limited", action="store_true", help="train and score in containers with memory limits too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = list(steps(Path(folder), asked.rows, asked.rounds, on_dask=asked.dask, in_limits=asked.limited))
    about = {"rows": asked.rows, "rounds": asked.rounds, "cpus": os.cpu_count(), "python": platform.python_version()}
    when = {"commit": commit(), "day": datetime.now(UTC).date().isoformat()}
    runs = keep(about | when | {"steps": [asdict(one) for one in done]})
    head, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    tables = "\n\n".join(map(table, runs))
    README.write_text(f"{head}{BEGIN}\n{tables}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
