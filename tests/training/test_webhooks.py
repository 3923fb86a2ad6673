"""MLflow's own webhooks on a real server, received on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlapi.bundle.store.mlflow import MlflowStore
from mlapi.ops.mlflow_config import MLflowConfig
from mlapi.training.errors import TrackingError
from mlapi.training.tracking_server import TrackingServer
from mlapi.training.webhooks import EVENT, RegistryWebhooks
from tests.fixtures.bundles import binary
from tests.fixtures.mlflow_server import mlflow_server
from tests.fixtures.receiver import Received, Receiver, receiver


@pytest.fixture
def service() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def webhooks() -> RegistryWebhooks:
    return RegistryWebhooks(TrackingServer(MLflowConfig(tracking_uri=mlflow_server(), artifact_root="x")))


def signed(got: Received, secret: str) -> bool:
    """Check the signature as DESIGN states it and MLflow makes it."""
    parts = [got.headers["x-mlflow-delivery-id"], got.headers["x-mlflow-timestamp"], got.body.decode()]
    digest = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return got.headers["x-mlflow-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_a_webhook_is_made_listed_tried_and_removed(webhooks: RegistryWebhooks, service: Receiver) -> None:
    made = webhooks.create(service.address, "s3cret", "ours")
    assert (made.name, made.url, made.events) == ("ours", f"{service.address}/models/reload", [EVENT])
    assert made in webhooks.all()
    assert webhooks.test(made.id).status == 202
    assert signed(service.received[0], "s3cret")
    service.status = 401
    refused = webhooks.test(made.id)
    assert (refused.success, refused.status) == (False, 401)
    webhooks.delete(made.id)
    assert made not in webhooks.all()
    with pytest.raises(TrackingError):
        webhooks.test(made.id)


def test_a_moved_alias_calls_the_service(webhooks: RegistryWebhooks, service: Receiver, tmp_path: Path) -> None:
    made = webhooks.create(f"{service.address}/own/path", "s3cret")
    store, name = MlflowStore(mlflow_server()), f"m-{uuid.uuid4().hex[:8]}"
    version = store.add(name, binary().write(tmp_path / "bundle")).version
    store.promote(name, "production", version, by="ada")
    assert service.arrived.wait(30)
    webhooks.delete(made.id)
    (got,) = service.received
    assert got.path == "/own/path"
    assert signed(got, "s3cret")
    data = json.loads(got.body)["data"]
    assert (data["name"], data["alias"], data["version"]) == (name, "production", version)


def test_without_a_server_there_are_no_webhooks() -> None:
    local = RegistryWebhooks(TrackingServer(MLflowConfig(tracking_uri="sqlite:///x.db", artifact_root="x")))
    with pytest.raises(TrackingError, match="webhooks need an MLflow server"):
        local.all()
