"""Our tree engine beside XGBoost's predictors: CPU time a call, on the model of adult's shape.

Run as `python -m benchmarks.engine`. One process, all engines on one booster and the same rows, in interleaved rounds;
of each the least time counts, which is what neighbours on the machine move least.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray

from benchmarks import report, tables
from benchmarks.clock import least_us
from mlapi.bundle import native
from mlapi.bundle.forest import read_forest
from mlapi.bundle.libxgboost import LibXGBoost
from mlapi.bundle.native import NativeTrees
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.padding import build_tables

TREES, DEPTH = 300, 6
CALLS = {
    1: 200,
    100: 10,
    1000: 2,
    10_000: 1,
}  # by rows, in one round: enough to be timed, few enough to take turns often
Call = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="interleaved rounds; the least is reported (default 15)")
    arguments = parser.parse_args()
    if native.extension() is None:
        parser.error(f"there is no engine to measure: {native.absence()}")
    report.save("engine", measure(arguments.rounds))
    return 0


def measure(rounds: int) -> dict[str, object]:
    """Give CPU microseconds a call by rows and engine, and how many margins of each have other bits than XGBoost's."""
    matrix, booster = train()
    engines = engines_of(booster)
    expected = engines["inplace_predict"](matrix)
    return {
        "trees": TREES,
        "depth": DEPTH,
        "rounds": rounds,
        "different_bits": {name: differing(engine(matrix), expected) for name, engine in engines.items()},
        "rows_compared": len(matrix),
        "cpu_us": {
            str(n_rows): least_us(
                {name: partial(engine, given(name, matrix[:n_rows])) for name, engine in engines.items()},
                rounds=rounds,
                repeats=repeats,
            )
            for n_rows, repeats in CALLS.items()
        },
    }


def given(name: str, matrix: NDArray[np.float32]) -> Any:
    """Give the rows as serving hands them to an engine: to ours a view of memory, since it has no NumPy."""
    return memoryview(cast("Any", matrix)) if name == "native" else matrix


def train() -> tuple[NDArray[np.float32], xgboost.Booster]:
    """Give the encoded table and a booster of it, with native categorical splits."""
    with tempfile.TemporaryDirectory() as scratch:
        frame = pd.read_csv(tables.write_adult_like(Path(scratch) / "adult_like.csv"))
    labels = (frame.pop("label") == "yes").to_numpy()
    types = ["c" if name.startswith("category") else "q" for name in frame.columns]
    columns = [_codes(frame[name]) if kind == "c" else frame[name] for name, kind in zip(frame, types, strict=True)]
    matrix = np.column_stack(columns).astype(np.float32)
    data = xgboost.DMatrix(matrix, labels, feature_types=types, nthread=1)
    settings = {"objective": "binary:logistic", "max_depth": DEPTH, "learning_rate": 0.1, "nthread": 1, "seed": 0}
    return matrix, xgboost.train(settings, data, TREES)


def _codes(column: "pd.Series[str]") -> NDArray[np.float64]:
    codes = pd.Categorical(column).codes.astype(np.float64)
    return np.where(codes < 0, np.nan, codes)


def engines_of(booster: xgboost.Booster) -> dict[str, Call]:
    """Give every engine's call, each on one thread where it can be told."""
    model = bytes(booster.save_raw("ubj"))
    forest = read_forest(model)

    def inplace(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        found = booster.inplace_predict(matrix, predict_type="margin", validate_features=False)
        return np.asarray(found, np.float32).reshape(len(matrix), -1)

    return {
        "inplace_predict": inplace,
        "libxgboost": LibXGBoost(model).margin,
        "node by node": NativeTrees.of(forest, None).margin,
        "native": NativeTrees.of(forest, build_tables(order_nodes(forest))).margin,
    }


def differing(found: NDArray[np.float32], expected: NDArray[np.float32]) -> int:
    return int((found.view(np.int32) != expected.view(np.int32)).sum())


if __name__ == "__main__":
    raise SystemExit(main())
