"""The MLflow store under the contract: over an embedded database, and over a real server."""

from __future__ import annotations

import pytest

from tests.bundle.store.contract import StoreContract
from tests.fixtures.mlflow_server import mlflow_server, new_database
from tests.fixtures.zygote import Place

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's libraries about each other


class TestEmbeddedMlflow(StoreContract):
    promotions = (10, 2)

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Place:
        folder = tmp_path_factory.mktemp("state")
        return {"address": "mlflow", "state_dir": str(folder), "tracking_uri": new_database(folder)}


class TestMlflowServer(StoreContract):
    promotions = (50, 2)
    kills = (100, 3)

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Place:
        return {
            "address": "mlflow",
            "state_dir": str(tmp_path_factory.mktemp("state")),
            "tracking_uri": mlflow_server(),
        }
