"""The package's own names, looked up when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mlapi.training
from mlapi.training import from_python, operations, pipeline


def test_the_public_names_are_those_of_their_modules() -> None:
    assert mlapi.training.__all__ == ["TrainingResult", "history", "promote", "publish", "rollback", "train"]
    assert mlapi.training.train is from_python.train
    assert mlapi.training.promote is operations.promote
    assert mlapi.training.TrainingResult is pipeline.TrainingResult
    assert all(hasattr(mlapi.training, name) for name in mlapi.training.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        mlapi.training.trian  # noqa: B018  # the point of the test


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = (
        "import sys, mlapi.training; sys.exit(bool({'numpy', 'pydantic', 'mlflow', 'xgboost'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
