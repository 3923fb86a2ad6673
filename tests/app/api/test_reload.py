"""POST /models/reload: by an admin's key or by the registry's signed webhook."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.webhooks.delivery import _generate_hmac_signature

from mlapi.app.core.security import PREDICT, READ, Principal
from mlapi.app.schemas.model import ReloadResponse
from mlapi.bundle.follow import KICK_FILE
from mlapi.bundle.wake import Wake
from tests.app.bundles import ROW, bundle
from tests.app.service import Service, publish, settings

SECRET = "whsec-0123456789"
EVENT = {"entity": "model_version_alias", "action": "created", "data": {"name": "churn", "alias": "production"}}
PATHS = ("/models/reload", "/v1/models/reload")


@pytest.fixture
def reloadable(tmp_path: Path) -> Iterator[Service]:
    publish(tmp_path, "churn", bundle())
    with Service(settings(tmp_path, webhook_secret=SECRET)) as running:
        yield running


def signed(name: str = "d-1", *, secret: str = SECRET, body: str = json.dumps(EVENT)) -> dict[str, str]:
    at = str(int(time.time()))
    return {
        "Content-Type": "application/json",
        "X-MLflow-Delivery-Id": name,
        "X-MLflow-Timestamp": at,
        "X-MLflow-Signature": _generate_hmac_signature(secret, name, at, body),
    }


def kicked(tmp_path: Path) -> tuple[int, int] | None:
    """The file's identity, as the follower's wait looks at it."""
    return Wake(tmp_path / "serving" / KICK_FILE)._identity()


@pytest.mark.parametrize("path", PATHS)
def test_an_admins_key_wakes_the_follower(reloadable: Service, tmp_path: Path, path: str) -> None:
    before = kicked(tmp_path)
    response = reloadable.call("POST", path)
    assert response.status_code == 202
    assert ReloadResponse.model_validate_json(response.content).model_version == "1"
    assert kicked(tmp_path) != before


def test_each_call_wakes_it_again(reloadable: Service, tmp_path: Path) -> None:
    seen = set()
    for _ in range(5):
        reloadable.call("POST", "/models/reload")
        seen.add(kicked(tmp_path))
    assert len(seen) == 5


def test_a_reload_looks_at_the_local_directory_at_once(reloadable: Service, tmp_path: Path) -> None:
    assert reloadable.models is not None
    assert reloadable.post({"data": [ROW]}).headers["x-model-version"] == "1"
    publish(tmp_path, "churn", bundle(seed=2))
    reloadable.call("POST", "/models/reload")
    reloadable.get("/health/ready")
    reloadable.run(reloadable.models.close())
    assert reloadable.post({"data": [ROW]}).headers["x-model-version"] == "2"


@pytest.mark.parametrize("path", PATHS)
def test_a_signed_delivery_needs_no_key_and_counts_once(reloadable: Service, tmp_path: Path, path: str) -> None:
    body, headers = json.dumps(EVENT).encode(), signed()
    assert reloadable.call("POST", path, key=None, content=body, headers=headers).status_code == 202
    woken = kicked(tmp_path)
    again = reloadable.call("POST", path, key=None, content=body, headers=headers)
    assert (again.status_code, again.json()["error"]) == (401, "unauthorized")
    assert kicked(tmp_path) == woken


@pytest.mark.parametrize(
    ("headers", "status"),
    [(signed(secret="other"), 401), ({"X-MLflow-Signature": "v1,"}, 401), ({}, 401), ({"X-MLflow-Signature": ""}, 401)],
    ids=["another secret", "no delivery", "nothing", "empty"],
)
def test_an_unsigned_delivery_without_key_wakes_nobody(
    reloadable: Service, tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    response = reloadable.call("POST", "/models/reload", key=None, content=json.dumps(EVENT).encode(), headers=headers)
    assert (response.status_code, kicked(tmp_path)) == (status, None)


def test_a_signature_opens_nothing_else(reloadable: Service) -> None:
    for method, path in (
        ("GET", "/models/reload"),
        ("POST", "/predict"),
        ("POST", "/models/reload/"),
        ("GET", "/models"),
    ):
        assert reloadable.call(method, path, key=None, headers=signed()).status_code == 401


def test_a_large_delivery_is_refused_by_its_declared_length_and_by_what_comes(reloadable: Service) -> None:
    body = b" " * 70_000
    assert reloadable.call("POST", "/models/reload", key=None, content=body, headers=signed()).status_code == 413


def test_without_a_secret_no_delivery_is_taken(service: Service) -> None:
    assert service.call("POST", "/models/reload", key=None, content=b"{}", headers=signed(body="{}")).status_code == 401


def test_a_key_without_the_scope_may_not(reloadable: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    principal = Principal("id", frozenset({PREDICT, READ}))
    monkeypatch.setattr("mlapi.app.services.auth_service.find_key", lambda *_: principal)
    response = reloadable.call("POST", "/models/reload")
    assert (response.status_code, response.json()["error"]) == (403, "insufficient_scope")
