"""One MLflow database for all tests: making one takes seconds, copying it none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mlapi.ops.settings import Settings, load_settings
from tests.fixtures.mlflow_server import new_database


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh MLflow database."""
    folder = tmp_path_factory.mktemp("mlflow")
    new_database(folder)
    return folder / "mlflow.db"


@pytest.fixture
def settings_for(tmp_path: Path, empty_database: Path) -> Callable[..., Settings]:
    """Settings with an empty MLflow database of the test's own; environment variables by name change them."""

    def make(**environ: str) -> Settings:
        state_dir = tmp_path / "state"
        state_dir.mkdir(exist_ok=True)
        if not (state_dir / "mlflow.db").exists():
            shutil.copyfile(empty_database, state_dir / "mlflow.db")
        return load_settings(environ={"MLAPI_STATE_DIR": str(state_dir), **environ})

    return make


@pytest.fixture
def settings(settings_for: Callable[..., Settings]) -> Settings:
    """Settings as they are without any configuration."""
    return settings_for()
