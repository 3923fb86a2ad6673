"""Addresses in place of files, over real servers on loopback: HTTP, and moto for S3."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from mlapi.bundle.store.s3.session import default_client
from mlapi.ops.settings import Settings, load_settings
from mlapi.training import retrying
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader
from mlapi.training.errors import AddressAway, AddressError
from mlapi.training.fetching import fetched
from tests.fixtures.files_server import files_server
from tests.fixtures.moto_server import KEYS, moto_server
from tests.training.tables import HEADER, good_rows

TABLE = (HEADER + good_rows()).encode()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "BASE_S", 0.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(environ={"MLAPI_STATE_DIR": str(tmp_path / "state")})


@pytest.fixture
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket with the table; its first name says what its calls meet."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": moto_server()}.items():
        monkeypatch.setenv(name, value)
    client: Any = default_client()
    kind = getattr(request, "param", "steady")
    name = f"{kind}-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="tables/t.csv", Body=TABLE)
    return name


def test_a_table_behind_http_is_trained_on_like_a_local_one(settings: Settings) -> None:
    with files_server() as server:
        server.files["/tables/orders.csv.gz"] = TABLE
        asked = TrainingConfig(data=f"{server.address}/tables/orders.csv.gz", target="y")
        config = fetched(asked, settings)
    assert asked.model_name == config.model_name == "orders"
    assert config.fingerprint() == asked.fingerprint()
    assert DataLoader(config).load().n_rows == 60


def test_a_test_file_may_be_anywhere_too(settings: Settings) -> None:
    with files_server() as server:
        server.files["/test.csv"] = TABLE
        config = fetched(TrainingConfig(dataset="iris", test=f"{server.address}/test.csv"), settings)
    assert isinstance(config.test, Path)
    assert config.test.read_bytes() == TABLE


def test_a_local_file_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    config = TrainingConfig(data=tmp_path / "t.csv", target="y")
    assert fetched(config, settings) is config


@pytest.mark.parametrize("bucket", ["steady", "unsteady", "cut-once"], indirect=True)
def test_a_table_comes_from_s3_though_it_stumbles(settings: Settings, bucket: str) -> None:
    config = fetched(TrainingConfig(data=f"s3://{bucket}/tables/t.csv", target="y"), settings)
    assert isinstance(config.data, Path)
    assert config.data.read_bytes() == TABLE


@pytest.mark.usefixtures("bucket")
def test_what_s3_does_not_have_is_told_in_one_line(settings: Settings, bucket: str) -> None:
    with pytest.raises(AddressError, match=rf"s3://{bucket}/none\.csv: there is no such object"):
        fetched(TrainingConfig(data=f"s3://{bucket}/none.csv", target="y"), settings)


@pytest.mark.usefixtures("bucket")
def test_s3_that_is_away_is_told_in_one_line(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(retrying, "ATTEMPTS", 1)
    with pytest.raises(AddressAway, match="cannot be read") as caught:
        fetched(TrainingConfig(data="s3://somewhere/t.csv", target="y"), settings)
    assert "\n" not in str(caught.value)
