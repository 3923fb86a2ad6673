"""How training and scoring do on a table larger than what they may hold: `python -m benchmarks.scale --rows N`.

Writes results/scale.json and its table in benchmarks/README.md. Each step is a process of its own; its peak memory is
what the kernel says of it at its end (ru_maxrss of wait4(2)), measured and not enforced.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

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


def steps(folder: Path, n_rows: int, rounds: int) -> Iterator[Step]:
    data, state = folder / "scale.parquet", {"MLAPI_STATE_DIR": str(folder / "state"), "MLAPI_STORE": "file:models"}
    write(data, n_rows)
    mlapi = [sys.executable, "-m", "mlapi.cli.main"]
    train = ["train", "--data", str(data), "--target", "outcome", "--engine", "stream", "--max-rounds", str(rounds)]
    yield measured("mlapi train --engine stream", n_rows, [*mlapi, *train, "--learning-rate", "0.05"], state)
    yield measured("mlapi score", n_rows, [*mlapi, "score", str(data), str(folder / "out.parquet")], state)
    yield measured("xgboost.train, all in memory", n_rows, [sys.executable, "-c", PLAIN, str(data), str(rounds)], {})


def table(result: dict[str, object], done: list[Step]) -> str:
    about = (
        f"{result['rows']:,} rows of 20 features, Parquet in row groups of {GROUP_ROWS:,}, {result['rounds']} rounds, "
        f"{result['cpus']} processors (other work ran beside it: compare the lines, not the seconds). Peak memory is "
        "of the whole process, measured and not enforced. Training by mlapi is all of it: the report, the baselines, "
        "the figures, the card, the proof and the registration."
    )
    lines = [
        about,
        "",
        "| step | seconds | peak memory, MiB | rows/s |",
        "|---|---:|---:|---:|",
        *(f"| `{one.name}` | {one.seconds:,.1f} | {one.peak_mib:,.0f} | {one.rows_per_s:,.0f} |" for one in done),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=50)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = list(steps(Path(folder), asked.rows, asked.rounds))
    result = {"rows": asked.rows, "rounds": asked.rounds, "cpus": os.cpu_count(), "python": platform.python_version()}
    RESULT.write_text(json.dumps(result | {"steps": [asdict(one) for one in done]}, indent=2) + "\n", encoding="utf-8")
    head, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    README.write_text(f"{head}{BEGIN}\n{table(result, done)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
