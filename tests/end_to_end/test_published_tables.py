"""The main job on real tables: one command trains, one promotes, and HTTP gives the Booster's own probability."""

import itertools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.end_to_end.service import Service, mlapi, serving
from tests.fixtures.published import table_path


@dataclass(frozen=True)
class Task:
    """A table, the flags of its one command, and the test-set figure that counts as trained."""

    name: str
    file: str
    target: str
    flags: tuple[str, ...] = ()
    metric: str = "roc_auc"
    floor: float = 0.5


# Floors are far below what is reached and only catch a broken pipeline, but for adult's, which the product promises.
TASKS = (
    Task("adult", "adult/train.csv", "class", ("--test", "adult/test.csv"), floor=0.925),
    Task("titanic", "titanic/titanic3.csv", "survived", ("--drop", "boat", "--drop", "body"), floor=0.75),
    Task("penguins", "penguins/penguins.csv", "species", metric="accuracy", floor=0.9),
    Task("credit-g", "credit_g/credit-g.csv", "class", floor=0.65),
    Task("car", "car/car.csv", "class", metric="accuracy", floor=0.9),
)


# Rows of the test set whose explanations are compared; all of them in `make prove`.
EXPLAINED = {"adult": None if os.environ.get("MLAPI_PROVE") else 200, "penguins": None}


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_http_gives_the_boosters_probability_for_every_test_row(task: Task, tmp_path: Path) -> None:
    flags = [str(table_path(flag)) if flag.endswith(".csv") else flag for flag in task.flags]
    trained = mlapi(
        tmp_path,
        "train",
        "--data",
        str(table_path(task.file)),
        "--target",
        task.target,
        "--name",
        task.name,
        "--json",
        *flags,
    )
    assert trained.returncode == 0, trained.stderr
    result = json.loads(trained.stdout)
    print(f"{task.name}: {result['metrics']}")
    assert result["metrics"][task.metric] >= task.floor
    promoted = mlapi(tmp_path, "models", "promote", task.name)
    assert promoted.returncode == 0, promoted.stderr
    with serving(tmp_path, MLAPI_MODEL_NAME=task.name) as service:
        rows = _test_rows(tmp_path, result["run_id"])
        assert _largest_difference(service, tmp_path, task.name, rows) == 0.0
        if task.name in EXPLAINED:
            _check_explanations(service, tmp_path, task.name, rows.slice(0, EXPLAINED[task.name]))


def _test_rows(state_dir: Path, run_id: str) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(next((state_dir / "artifacts").rglob(f"{run_id}/artifacts/test.parquet")))


def _largest_difference(service: Service, state_dir: Path, name: str, table: Any) -> float:
    """Send every row; compare with xgboost's own answer to the encoder's matrix. Both sides are float32."""
    import xgboost

    bundle = _served_bundle(state_dir, name)
    rows = [_cells(row, bundle.schema.names) for row in table.to_pylist()]
    booster = xgboost.Booster(model_file=str(bundle.path / "model.ubj"))
    matrix = xgboost.DMatrix(
        bundle.encoder.encode(rows), feature_types=list(bundle.encoder.column_types), enable_categorical=True
    )
    expected = booster.predict(matrix)
    if expected.ndim == 1:
        expected = np.column_stack([np.float32(1) - expected, expected])
    served = np.concatenate(
        [_served(service, rows[i : i + 1000], bundle.decision.classes) for i in range(0, len(rows), 1000)]
    )
    assert served.shape == expected.shape
    return float(np.max(np.abs(served - expected)))


def _check_explanations(service: Service, state_dir: Path, name: str, table: Any) -> None:
    """Ask why for every row: the parts sum to the margin, and are ordered as XGBoost's own contributions are."""
    import xgboost

    bundle = _served_bundle(state_dir, name)
    names = bundle.schema.names
    rows = [_cells(row, names) for row in table.to_pylist()]
    booster = xgboost.Booster(model_file=str(bundle.path / "model.ubj"))
    matrix = bundle.encoder.encode(rows)
    data = xgboost.DMatrix(matrix, feature_types=list(bundle.encoder.column_types))
    expected = booster.predict(data, pred_contribs=True).reshape(len(rows), -1, len(names) + 1)
    classes = list(bundle.decision.classes)
    for start in range(0, len(rows), 100):
        answer = service.predict(rows[start : start + 100], explain=len(names))
        for row, one in enumerate(answer["explanations"], start):
            group = classes.index(one["label"]) if expected.shape[1] > 1 else 0
            own = dict(zip(names, expected[row, group, :-1].tolist(), strict=True))
            served = {part["feature"]: part["contribution"] for part in one["contributions"]}
            assert abs(one["base_value"] + sum(served.values()) + one["rest"] - one["margin"]) <= 1e-5
            assert abs(one["margin"] - expected[row, group].sum(dtype=np.float64)) <= 2e-5
            assert max(abs(served[feature] - own[feature]) for feature in names) <= 1e-5
            order = [abs(own[feature]) for feature in served]
            assert all(first >= second - 2e-5 for first, second in itertools.pairwise(order))


def _served_bundle(state_dir: Path, name: str) -> Any:
    from mlapi.bundle import load

    return load(next((state_dir / "serving" / name / "versions").glob("*/manifest.json")).parent)


def _served(service: Service, rows: list[dict[str, Any]], classes: tuple[Any, ...]) -> np.ndarray[Any, Any]:
    answer = service.predict(rows, probabilities=True)
    assert len(answer["predictions"]) == len(rows)
    return np.array([[row[str(label)] for label in classes] for row in answer["probabilities"]], dtype=np.float32)


def _cells(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names}
