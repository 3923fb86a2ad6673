"""Training from Python: the command's bundle, the command's parameters, the service's answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow.csv
import pytest

import mlapi.bundle
import mlapi.training
from mlapi.ops.settings import Settings
from mlapi.training.booster_params import BoosterParams
from mlapi.training.errors import ConfigError
from tests.training.tables import HEADER, good_rows, write_csv

QUICK: dict[str, Any] = {"max_rounds": 25, "bootstrap": 20, "learning_rate": 0.3, "max_depth": 3}


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return write_csv(tmp_path, HEADER + good_rows(200), "churn.csv")


def by_command(path: Path, settings: Settings) -> str:
    """Train the same table by `mlapi train`; give the content digest."""
    flags = [word for name, value in QUICK.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    command = [sys.executable, "-m", "mlapi.cli.main", "train", "--data", str(path), "--target", "y", "--json", *flags]
    env = os.environ | {"MLAPI_STATE_DIR": str(settings.state_dir)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["content_digest"])


def test_frames_and_the_command_give_the_same_bundle(settings: Settings, csv: Path, tmp_path: Path) -> None:
    missing = ["?"]
    options = pyarrow.csv.ConvertOptions(null_values=missing, strings_can_be_null=True)
    frames = (
        pd.read_csv(csv, na_values=missing),
        pl.read_csv(csv, null_values=missing),
        pyarrow.csv.read_csv(csv, convert_options=options),
    )
    results = [mlapi.training.train(one, target="y", name="churn", settings=settings, **QUICK) for one in frames]
    assert {result.content_digest for result in results} == {by_command(csv, settings)}
    assert [(result.model, result.version) for result in results] == [("churn", "1"), ("churn", "2"), ("churn", "3")]


def test_the_bundle_is_kept_where_asked_and_answers_for_rows(settings: Settings, csv: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(csv)
    result = mlapi.training.train(frame, target="y", settings=settings, bundle_to=tmp_path / "bundle", **QUICK)
    bundle = mlapi.bundle.load(tmp_path / "bundle")
    assert bundle.manifest.content_digest == result.content_digest
    answer = bundle.predict([{"age": 80, "plan": "team", "active": True}, {"age": 18, "plan": None, "active": False}])
    assert answer.labels == ["yes", "no"]


def test_parameters_come_from_arguments_over_the_environment(
    settings_for: Callable[..., Settings], csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLAPI_TRAINING_SEED", "3")
    monkeypatch.setenv("MLAPI_TRAINING_MAX_DEPTH", "2")
    monkeypatch.setenv("MLAPI_TRAINING_DATASET", "iris")  # the frame takes its place
    told: list[str] = []
    result = mlapi.training.train(
        pd.read_csv(csv),
        target="y",
        settings=settings_for(),
        progress=lambda message, done=None, total=None: told.append(message),
        params=BoosterParams(learning_rate=0.3),
        max_rounds=5,
        bootstrap=20,
        seed=4,
    )
    assert result.version == "1"
    assert "boosting" in told


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"max_dept": 3}, "max_dept: extra inputs are not permitted; did you mean 'max_depth'?"),
        ({"seed": -1}, "seed: input should be greater than or equal to 0"),
        ({"params": {"max_depth": 0}}, "params: input should be greater than or equal to 1"),
    ],
    ids=str,
)
def test_a_parameter_that_cannot_be_is_named_as_the_argument_that_it_was(config: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        mlapi.training.train({"x": [1], "y": [0]}, target="y", **config)
    assert str(caught.value) == line
