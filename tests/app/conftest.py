"""A service with a loaded model, and one without."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.bundles import bundle
from tests.app.service import Service, publish, settings


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with one promoted model; tests that change it make their own."""
    path = tmp_path_factory.mktemp("state")
    publish(path, "churn", bundle())
    return path


@pytest.fixture(scope="session")
def service(state_dir: Path) -> Iterator[Service]:
    """A running service that no test changes."""
    with Service(settings(state_dir)) as running:
        yield running


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Service]:
    """A running service whose follower has brought nothing yet."""
    with Service(settings(tmp_path)) as running:
        yield running
