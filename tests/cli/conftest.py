import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlapi.ops import logs
from tests.cli.run import mlapi
from tests.cli.trained import environment, write_table


@pytest.fixture(autouse=True)
def _own_directory_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory with none of the tester's own settings."""
    monkeypatch.chdir(tmp_path)
    forget_settings(monkeypatch)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture(scope="session")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory in which `mlapi train` has run twice; to be copied, not changed."""
    state = tmp_path_factory.mktemp("trained")
    table = write_table(state / "sizes.csv")
    with pytest.MonkeyPatch.context() as patch:
        forget_settings(patch)
        for name, value in environment(state).items():
            patch.setenv(name, value)
        for seed in ("1", "2"):
            result = mlapi("train", "--data", str(table), "--target", "label", "--seed", seed, "--json")
            assert result.exit_code == 0, result.stderr
            assert json.loads(result.stdout)["version"] == seed
    return state


@pytest.fixture
def state(two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that directory, which the commands of a test use."""
    copy = tmp_path / "state"
    shutil.copytree(two_versions, copy)
    for name, value in environment(copy).items():
        monkeypatch.setenv(name, value)
    return copy


def forget_settings(patch: pytest.MonkeyPatch) -> None:
    """Take every setting out of the environment."""
    for name in list(os.environ):
        if name.startswith(("MLAPI_", "MLFLOW_", "AWS_")):
            patch.delenv(name)
