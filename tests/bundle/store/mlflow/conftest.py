from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlapi.bundle.store.mlflow import MlflowStore
from tests.bundle.store.contract import new_name, write_bundle
from tests.fixtures.mlflow_server import new_database

if TYPE_CHECKING:
    from mlflow import MlflowClient


@pytest.fixture(scope="package")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An embedded database that the package's tests share."""
    return new_database(tmp_path_factory.mktemp("embedded"))


@pytest.fixture(scope="package")
def store(uri: str) -> MlflowStore:
    return MlflowStore(uri)


@pytest.fixture(scope="package")
def client(uri: str) -> MlflowClient:
    """MLflow's own client, for what people do without us."""
    from mlflow import MlflowClient

    return MlflowClient(uri)


@pytest.fixture(scope="package")
def model(store: MlflowStore, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model with versions 1 to 3; each test has an alias of its own."""
    name = new_name()
    for _ in range(3):
        store.add(name, write_bundle(tmp_path_factory.mktemp("bundles")))
    return name


@pytest.fixture
def alias() -> str:
    return f"alias-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def name() -> str:
    return new_name()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path)
