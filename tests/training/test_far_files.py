"""Files and versions in S3 while it stumbles, and while it is away: moto, which fails as the bucket's name says."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from mlflow import MlflowClient

from mlapi.bundle import load
from mlapi.bundle.store.s3.session import default_client
from mlapi.ops.settings import Settings, load_settings
from mlapi.training import pipeline
from mlapi.training.stores import open_at
from mlapi.training.syncing import Sync
from tests.fixtures.moto_server import KEYS, moto_server
from tests.training.test_syncing import Kept, config, files

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's libraries about each other


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Runs in a local database, their files and the versions in a bucket; the mark `bucket` says of which kind."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": moto_server()}.items():
        monkeypatch.setenv(name, value)
    # waits between attempts would add up to minutes
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda wait_s: None))
    monkeypatch.setattr("mlapi.training.retrying.BASE_S", 0.0)
    bucket = f"{request.param}-{uuid.uuid4().hex[:8]}"
    if request.param != "nowhere":
        create(bucket)
    shutil.copyfile(empty_database, tmp_path / "mlflow.db")
    return load_settings(
        environ={
            "MLAPI_STATE_DIR": str(tmp_path),
            "MLAPI_ARTIFACT_ROOT": f"s3://{bucket}/runs",
            "MLAPI_STORE": f"s3://{bucket}/models",
        }
    )


def create(bucket: str) -> None:
    cast(Any, default_client()).create_bucket(Bucket=bucket)


def stored(settings: Settings, run_id: str) -> set[str]:
    """A run's files in its bucket, by one call of a client of our own."""
    bucket = settings.store.removeprefix("s3://").partition("/")[0]
    found = cast(Any, default_client()).list_objects_v2(Bucket=bucket, Prefix=f"runs/{run_id}/artifacts/")
    return {item["Key"].partition("/artifacts/")[2] for item in found["Contents"]}


@pytest.mark.parametrize("settings", ["unsteady", "cut-once"], indirect=True)
def test_training_and_registration_succeed_while_s3_stumbles(settings: Settings, tmp_path: Path) -> None:
    told = Kept()
    result = pipeline.train(config(tmp_path, "churn"), settings)
    assert result.version == "1"
    assert {"test.parquet", "seen_rows.parquet", "bundle/manifest.json"} <= stored(settings, result.run_id)
    store = open_at(settings)
    assert store.resolve("churn", "staging").version == "1"
    bundle = load(store.fetch("churn", "1", tmp_path / "fetched"))
    assert bundle.manifest.content_digest == result.content_digest
    assert Sync(settings, told).run().runs == 0


@pytest.mark.parametrize("settings", ["nowhere"], indirect=True)
def test_what_s3_does_not_take_is_kept_and_sent_later(settings: Settings, tmp_path: Path) -> None:
    result = pipeline.train(config(tmp_path, "churn"), settings)
    assert result.version is None
    done = Sync(settings, Kept()).run()
    assert done.registered == []
    assert all("NoSuchBucket" in problem for problem in done.problems)
    assert done.problems
    create(settings.store.removeprefix("s3://").partition("/")[0])
    done = Sync(settings, Kept()).run()
    assert (done.registered, done.problems) == ([("churn", "1")], [])
    (record,) = open_at(settings).versions("churn")
    assert record.content_digest == result.content_digest
    client = MlflowClient(settings.mlflow.tracking_uri)
    run_id = record.tags["mlflow_run_id"]
    assert "bundle/manifest.json" in files(client, run_id)
    assert client.get_run(run_id).data.tags["mlapi.version"] == "1"
