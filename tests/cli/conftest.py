import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlapi.ops import logs
from tests.cli.registered import environment, fill


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
    logging.getLogger(logs.EVENTS).disabled = False
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture(scope="session")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with a filled store; to be copied, not changed."""
    root = tmp_path_factory.mktemp("registered")
    fill(root)
    return root


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
