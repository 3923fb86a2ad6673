"""Probes and metadata."""

import json
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.api.routes.predictions import predict
from mlapi.app.schemas.health import HealthResponse
from mlapi.app.schemas.model import ModelMetadata
from mlapi.app.schemas.prediction import FeatureRow, PredictionRequest
from mlapi.bundle.schema import FeatureSchema
from tests.app.bundles import SCHEMA, bundle
from tests.app.service import Service, publish, settings


def follower_says(state_dir: Path, **status: Any) -> None:
    (state_dir / "serving" / "churn" / "follow.json").write_text(
        json.dumps({"checked_at": "2026-01-31T09:30:00Z", **status})
    )


def test_live_is_alive_with_and_without_a_model(service: Service, empty: Service) -> None:
    for running, version in ((service, "1"), (empty, None)):
        response = running.get("/health/live", key=None)
        assert response.status_code == 200
        body = HealthResponse.model_validate_json(response.content)
        assert (body.status, body.model_version) == ("alive", version)


def test_ready_once_a_model_is_loaded(service: Service, empty: Service) -> None:
    ready, waiting = service.get("/health/ready"), empty.get("/health/ready")
    assert (ready.status_code, ready.json()["status"], ready.json()["model_version"]) == (200, "ready", "1")
    assert (waiting.status_code, waiting.json()["status"], waiting.json()["model_version"]) == (503, "not_ready", None)


@pytest.mark.parametrize(
    ("status", "state", "degraded"),
    [
        ({"state": "ok"}, "ready", None),
        ({"state": "unreachable", "reason": "no answer"}, "degraded", "unreachable"),
        ({"state": "refused", "code": "golden_mismatch", "version": "2"}, "degraded", "golden_mismatch"),
    ],
)
def test_is_degraded_while_the_follower_has_trouble(
    tmp_path: Path, status: dict[str, str], state: str, degraded: str | None
) -> None:
    publish(tmp_path, "churn", bundle())
    follower_says(tmp_path, **status)
    with Service(settings(tmp_path)) as service:
        response = service.get("/health/ready")
        assert (response.status_code, response.json()["status"]) == (200, state)
        assert len(response.content) <= 128
        assert service.get("/models/current").json()["degraded"] == degraded


def test_a_status_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    (tmp_path / "serving" / "churn" / "follow.json").write_bytes(b"{")
    with Service(settings(tmp_path)) as service:
        assert service.get("/health/ready").json()["status"] == "ready"


def test_is_degraded_while_the_promoted_version_cannot_be_loaded(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    with Service(settings(tmp_path)) as service:
        assert service.models is not None
        version = publish(tmp_path, "churn", bundle(seed=2))
        (tmp_path / "serving" / "churn" / "versions" / version / "model.ubj").write_bytes(b"{}")
        service.models.load_now()
        response = service.get("/health/ready")
        assert (response.status_code, response.json()["status"]) == (200, "degraded")
        assert response.json()["model_version"] == "1"
        assert service.get("/models/current").json()["degraded"] == "model_refused"


@pytest.mark.parametrize("path", ["/models/current", "/v1/models/current"])
def test_describes_the_loaded_model(service: Service, path: str) -> None:
    response = service.get(path)
    metadata = ModelMetadata.model_validate_json(response.content)
    assert (metadata.model_name, metadata.version, metadata.algorithm) == ("churn", "1", "xgboost")
    assert (metadata.stage, metadata.aliases) == ("production", ["production"])
    assert (metadata.metrics, metadata.metric_intervals) == ({"roc_auc": 0.5}, {"roc_auc": (0.45, 0.55)})
    assert metadata.tags == {"purpose": "test"}
    assert metadata.engine
    assert len(metadata.digest) == 64


def test_production_comes_before_staging(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    publish(tmp_path, "churn", bundle(), alias="staging")
    with Service(settings(tmp_path)) as service:
        metadata = service.get("/models/current").json()
        assert (metadata["stage"], metadata["aliases"]) == ("production", ["production", "staging"])


@pytest.mark.parametrize(("alias", "stage"), [("staging", "staging"), ("canary", "none")])
def test_follows_the_alias_of_the_settings(tmp_path: Path, alias: str, stage: str) -> None:
    publish(tmp_path, "churn", bundle(), alias=alias)
    with Service(settings(tmp_path, model_stage=alias)) as service:
        metadata = service.get("/models/current").json()
        assert (metadata["stage"], metadata["aliases"]) == (stage, [alias])


def test_gives_the_feature_schema_as_the_bundle_has_it(service: Service) -> None:
    response = service.get("/models/current/schema")
    assert response.headers["content-type"] == "application/json"
    assert FeatureSchema.from_json(response.content) == SCHEMA


@pytest.mark.parametrize("path", ["/models/current", "/models/current/schema"])
def test_without_a_model_there_is_none_to_describe(empty: Service, path: str) -> None:
    response = empty.get(path)
    assert (response.status_code, response.json()["error"]) == (503, "model_not_ready")


def test_the_declared_predict_route_is_answered_in_front_of_the_framework(service: Service) -> None:
    with pytest.raises(RuntimeError):
        service.run(predict(PredictionRequest(data=[FeatureRow()])))
