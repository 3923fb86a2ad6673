"""The one booster that every server serves, the rows that they are asked for, and what they must answer."""

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from benchmarks import tables

NAME, POSITIVE = "adult_like", "yes"
TREES, DEPTH, MOST_ROWS = 300, 6, 1000
# No early stop, no curve on top: the answer is the booster's own, of exactly so many trees.
TRAINING = ["--max-rounds", str(TREES), "--early-stopping-rounds", str(TREES), "--refit-factor", "1"]
TRAINING += [
    "--max-depth",
    str(DEPTH),
    "--learning-rate",
    "0.01",
    "--early-stopping-gain",
    "0",
    "--calibrate",
    "none",
    "--bootstrap",
    "20",
]

Row = dict[str, float | str | None]


@dataclass(frozen=True)
class Model:
    """A promoted model of ours, and its booster for the others.

    Attributes:
        store: address of the store that production reads.
        state: our state directory, with this machine's copy of what is in production there.
        directory: `model.ubj`, the booster with the features' names, and `features.json`, name to categories.
        rows: MOST_ROWS rows of the table.
        probabilities: float32 (MOST_ROWS,), what the Booster says about them.
    """

    store: str
    state: Path
    directory: Path
    rows: list[Row]
    probabilities: NDArray[np.float32]


def make(scratch: Path) -> Model:
    """Train and promote by the commands of a user, and lay the booster beside.

    Raises:
        RuntimeError: the booster is not of the size that is compared.
    """
    data, store, state = tables.write_adult_like(scratch / f"{NAME}.csv"), f"file:{scratch}/store", scratch / "state"
    directory = scratch / "model"
    training = {"STATE_DIR": str(scratch / "training"), "PUBLISH_TO": store}
    _mlapi(["train", "--data", str(data), "--target", "label", "--name", NAME, *TRAINING], training)
    _mlapi(["models", "promote", NAME], training)
    _mlapi(["follow", "--once"], {"STATE_DIR": str(state), "STORE": store})
    bundle = state / "serving" / NAME / "versions" / "1"
    booster = xgboost.Booster(model_file=bundle / "model.ubj")
    if booster.num_boosted_rounds() != TREES:
        raise RuntimeError(f"the booster has {booster.num_boosted_rounds()} trees, not {TREES}")
    features = {
        feature["name"]: feature["categories"] if feature["kind"] == "categorical" else None
        for feature in json.loads((bundle / "schema.json").read_text())["features"]
    }
    booster.feature_names = list(features)
    directory.mkdir()
    booster.save_model(directory / "model.ubj")
    (directory / "features.json").write_text(json.dumps(features))
    rows = _rows(data, features)
    return Model(
        store, state, directory, rows, booster.inplace_predict(_matrix(rows, features), validate_features=False)
    )


def _mlapi(command: list[str], settings: dict[str, str]) -> None:
    environ = {"PATH": "/usr/bin:/bin", "OMP_WAIT_POLICY": "passive"}
    environ |= {f"MLAPI_{name}": value for name, value in settings.items()}
    ended = subprocess.run(
        [sys.executable, "-m", "mlapi.cli.main", *command], env=environ, check=False, capture_output=True, text=True
    )
    if ended.returncode:
        raise RuntimeError(f"mlapi {command[0]}: {ended.stderr.strip()}")


def _rows(data: Path, features: dict[str, Any]) -> list[Row]:
    with data.open(newline="") as file:
        lines = [line for line, _ in zip(csv.DictReader(file), range(MOST_ROWS), strict=False)]
    return [{name: _cell(line[name], features[name]) for name in features} for line in lines]


def _cell(text: str, categories: list[str] | None) -> float | str | None:
    if not text:
        return None
    return float(text) if categories is None else text


def _matrix(rows: list[Row], features: dict[str, Any]) -> NDArray[np.float32]:
    """Give what the booster was grown on: numbers as they are, categories by their place, missing cells as NaN."""
    codes = {name: {level: code for code, level in enumerate(levels)} for name, levels in features.items() if levels}
    cells = [
        [np.nan if cell is None else codes[name][cell] if name in codes else cell for name, cell in row.items()]
        for row in rows
    ]
    return np.asarray(cells, np.float32)
