"""Dates, rare categories and a column for each category: HTTP gives the Booster's own probability for raw cells."""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import xgboost

from mlapi.bundle import load
from mlapi.bundle.types import Matrix
from tests.end_to_end.service import mlapi, serving

COMMON = ("east", "north", "west")
Row = dict[str, str | float | None]


def orders(n_rows: int, seed: int) -> list[dict[str, str]]:
    """Orders that are late at weekends and in one town; towns are three common ones and many rare ones."""
    dice = random.Random(seed)
    rows = []
    for _ in range(n_rows):
        placed = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(525_600))
        town = dice.choice(COMMON) if dice.random() < 0.9 else f"town {dice.randrange(40)}"
        late = dice.random() < (0.8 if placed.weekday() >= 5 else 0.1) + 0.1 * (town == "east")
        spelled = "" if dice.random() < 0.05 else placed.isoformat(timespec="minutes").removesuffix("+00:00")
        row = {"placed": spelled, "town": town, "amount": f"{dice.random() * 90:.2f}", "late": "yes" if late else "no"}
        rows.append(row)
    return rows


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def by_hand(rows: list[dict[str, str]]) -> Matrix:
    """The matrix without a line of the encoder: parts of the moment, a column a town and one for the others, amount."""
    lines = []
    for row in rows:
        at = datetime.fromisoformat(row["placed"]) if row["placed"] else None
        parts = (
            (at.year, at.month, at.day, at.weekday(), at.timetuple().tm_yday, at.hour, at.minute)
            if at
            else (np.nan,) * 7
        )
        towns = [float(row["town"] == town) for town in COMMON]
        lines.append([*parts, *towns, 1.0 - sum(towns), float(row["amount"])])
    return np.array(lines, np.float32)


def test_http_gives_the_boosters_probability_for_dates_and_grouped_categories(tmp_path: Path) -> None:
    training, test = orders(1500, 1), orders(300, 2)
    files = [str(write(tmp_path / name, rows)) for name, rows in (("a.csv", training), ("b.csv", test))]
    flags = ["--encoding", "one-hot", "--min-category-count", "30", "--class-weight", "balanced", "--json"]
    trained = mlapi(
        tmp_path, "train", "--data", files[0], "--test", files[1], "--target", "late", "--name", "o", *flags
    )
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout)["metrics"]["roc_auc"] > 0.7
    assert mlapi(tmp_path, "models", "promote", "o").returncode == 0
    cells: list[Row] = [
        {"placed": row["placed"] or None, "town": row["town"], "amount": float(row["amount"])} for row in test
    ]
    with serving(tmp_path, MLAPI_MODEL_NAME="o") as service:
        bundle = load(next((tmp_path / "serving" / "o" / "versions").glob("*/manifest.json")).parent)
        answer = service.predict(cells, probabilities=True)
        explained = service.predict(cells[:5], explain=3)
        status, refused = service.request(
            "POST", "/predict", json.dumps({"data": [cells[0] | {"placed": "31.01.2024"}]}).encode()
        )
    booster = xgboost.Booster(model_file=str(bundle.path / "model.ubj"))
    expected = booster.predict(
        xgboost.DMatrix(by_hand(test), feature_types=list(bundle.encoder.column_types)), output_margin=True
    )
    wanted = bundle.decision.calibrated(expected.astype(np.float32)[:, None])
    served = np.array([[row["no"], row["yes"]] for row in answer["probabilities"]], np.float32)
    assert float(np.abs(served - wanted).max()) == 0.0
    assert "unknown_category" not in json.dumps(answer.get("warnings", []))
    assert {part["feature"] for part in explained["explanations"][0]["contributions"]} == {"placed", "town", "amount"}
    assert status == 422
    assert refused["details"]["errors"][0]["code"] == "not_datetime"
