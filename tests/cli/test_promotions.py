import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlapi.training.gates import NAMES
from tests.cli import test_models
from tests.cli.run import failed, mlapi
from tests.fixtures.mlflow_server import mlflow_server
from tests.fixtures.receiver import Receiver, receiver

pytestmark = pytest.mark.usefixtures("state")
told = test_models.told


def test_the_gates_that_can_be_skipped_are_those_there_are() -> None:
    from mlapi.cli.promotions import GATES

    assert GATES == NAMES


def test_a_refusal_shows_the_verdicts_and_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLAPI_LATENCY_BUDGET_MS", "0.000001")
    result = mlapi("models", "promote", "sample", "1")
    assert result.exit_code == 1
    assert [line.split()[:2] for line in result.stdout.splitlines()][-1] == ["latency", "refused"]
    assert "--skip-gate latency --reason TEXT" in result.stderr
    assert "with a reason only" in failed("models", "promote", "sample", "1", "--force")
    moved = json.loads(told("promote", "sample", "1", "--force", "--reason", "we know", "--json"))
    assert (moved["version"], moved["reason"]) == ("1", "we know")
    assert [(one["gate"], one["outcome"]) for one in moved["gates"]][-1] == ("latency", "waived")


def test_a_schema_change_is_allowed_with_a_reason() -> None:
    assert "with a reason only" in failed("models", "promote", "sample", "1", "--allow-schema-change")
    told("promote", "sample", "1", "--allow-schema-change", "--reason", "agreed")


def test_publish_carries_production_to_where_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    told("promote", "sample", "1")
    assert "--to s3://bucket/prefix" in failed("models", "publish", "sample", code=2)
    monkeypatch.setenv("MLAPI_PUBLISH_TO", "file:there")
    assert told("publish", "sample").splitlines() == [
        "sample version 1 is in file:there",
        "production there names version 1 (generation 1)",
    ]
    again = json.loads(told("publish", "sample", "1", "--json"))
    assert (again["version"]["version"], again["moved"]) == ("1", [])


@pytest.fixture
def service() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def test_a_webhook_needs_a_server_and_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "MLAPI_WEBHOOK_SECRET" in failed("models", "webhook", "create", "--url", "http://127.0.0.1:1")
    assert "webhooks need an MLflow server" in failed("models", "webhook", "list")


def test_a_webhook_is_made_tried_listed_and_removed(monkeypatch: pytest.MonkeyPatch, service: Receiver) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server())
    monkeypatch.setenv("MLAPI_WEBHOOK_SECRET", "s3cret")
    made = json.loads(told("webhook", "create", "--url", service.address, "--json"))
    assert made["url"] == f"{service.address}/models/reload"
    assert told("webhook", "test", made["id"]) == "the service answered 202\n"
    service.status = 401
    assert "the service did not take it" in failed("models", "webhook", "test", made["id"])
    assert made["id"] in told("webhook", "list")
    assert made in json.loads(told("webhook", "list", "--json"))
    assert told("webhook", "delete", made["id"]) == f"webhook {made['id']} is gone\n"
    assert told("webhook", "create", "--url", service.address, "--name", "n").startswith("webhook ")
