"""Images are built once a session, and one stack is up for the tests that share it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.docker import ROOT, Stack, need_engine


@pytest.fixture(scope="session", autouse=True)
def images() -> None:
    """Every image, built from this checkout."""
    need_engine()
    done = subprocess.run(["sh", "scripts/images"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    print(done.stdout)


@pytest.fixture(scope="session")
def stack(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The platform, up, with a first model."""
    made = Stack(tmp_path_factory.mktemp("secrets") / "compose")
    made.compose("down", "--volumes", check=False)
    try:
        print(made.up())
        yield made
    finally:
        made.compose("--profile", "*", "down", "--volumes", "--timeout", "5", check=False)


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a small model in production, for containers without a registry."""
    from mlapi.bundle.store.directory import DirectoryStore
    from tests.app.bundles import bundle

    root = tmp_path_factory.mktemp("models")
    store = DirectoryStore(root)
    store.promote("churn", "production", store.add("churn", bundle()).version, by="test")
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)  # for the container's user
    return root
