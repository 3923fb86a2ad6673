"""Probes and metadata."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.api.routes.predictions import predict
from mlapi.app.schemas.health import HealthResponse
from mlapi.app.schemas.model import ModelList, ModelMetadata, ModelVersions
from mlapi.app.schemas.prediction import FeatureRow, PredictionRequest
from mlapi.bundle.archive import read_directory, write_directory
from mlapi.bundle.follow import Follower
from mlapi.bundle.listing import Lister
from mlapi.bundle.schema import FeatureSchema
from mlapi.bundle.store.directory import DirectoryStore
from tests.app.bundles import ABOUT, ROW, SCHEMA, bundle
from tests.app.service import Service, publish, settings
from tests.fixtures.bundles import with_manifest


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
        current = service.get("/models/current").json()
        assert (current["version"], current["degraded"]) == ("1", "model_refused")
        assert current["degraded_reason"].startswith("version 2 was not loaded: digest_mismatch")


def test_begins_with_the_previous_version_when_the_promoted_one_is_damaged(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    version = publish(tmp_path, "churn", bundle(seed=2))
    (tmp_path / "serving" / "churn" / "versions" / version / "model.ubj").write_bytes(b"{}")
    with Service(settings(tmp_path)) as service:
        assert service.post({"data": [ROW]}).headers["x-model-version"] == "1"
        assert service.get("/health/ready").json()["status"] == "degraded"
        assert service.get("/models/current").json()["degraded"] == "model_refused"


@pytest.mark.parametrize("path", ["/models/current", "/v1/models/current"])
def test_describes_the_loaded_model(service: Service, path: str) -> None:
    response = service.get(path)
    metadata = ModelMetadata.model_validate_json(response.content)
    assert (metadata.model_name, metadata.version, metadata.algorithm) == ("churn", "1", "xgboost")
    assert (metadata.stage, metadata.aliases) == ("production", ["production"])
    assert (metadata.metrics, metadata.metric_intervals) == ({"roc_auc": 0.5}, {"roc_auc": [0.45, 0.55]})
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


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_lists_models_with_their_versions_and_aliases(tmp_path: Path, prefix: str) -> None:
    for seed in (1, 2):
        publish(tmp_path, "churn", bundle(seed=seed))
    publish(tmp_path, "other", bundle(), alias="staging")
    with Service(settings(tmp_path, model_name="churn")) as service:
        found = ModelList.model_validate_json(service.get(f"{prefix}/models").content)
        assert [(one.name, one.loaded_version, one.versions, one.aliases) for one in found.models] == [
            ("churn", "2", ["2", "1"], {"production": "2"}),
            ("other", None, ["1"], {"staging": "1"}),
        ]
        churn = ModelVersions.model_validate_json(service.get(f"{prefix}/models/churn/versions").content)
        assert [(one.version, one.stage, one.aliases, one.loaded) for one in churn.versions] == [
            ("2", "production", ["production"], True),
            ("1", "none", [], False),
        ]
        assert churn.registry_checked_at is None
        other = service.get(f"{prefix}/models/other/versions").json()["versions"]
        assert [(one["stage"], one["local"], one["loaded"]) for one in other] == [("staging", True, False)]


def test_lists_the_versions_that_the_follower_saw_in_the_registry_too(tmp_path: Path) -> None:
    registry = DirectoryStore(tmp_path / "registry")
    for seed in (1, 2, 3):
        registry.add("churn", bundle(seed=seed))
    registry.promote("churn", "staging", "3", by="test")
    registry.promote("churn", "production", "1", by="test")
    follower = Follower(registry, local := DirectoryStore(tmp_path / "serving"), "churn", "production")
    follower.lister = Lister(registry, local, "churn")
    follower.step()
    with Service(settings(tmp_path)) as service:
        found = ModelVersions.model_validate_json(service.get("/models/churn/versions").content)
        assert [(one.version, one.stage, one.local, one.loaded) for one in found.versions] == [
            ("3", "staging", False, False),
            ("2", "none", False, False),
            ("1", "production", True, True),
        ]
        assert found.registry_checked_at is not None
        assert [one.digest for one in found.versions] == [
            record.content_digest for record in reversed(registry.versions("churn"))
        ]
        shutil.rmtree(registry.root)  # no request asks it
        assert service.get("/models/churn/versions").status_code == 200
        assert service.get("/models").json()["models"][0]["versions"] == ["1"]


@pytest.mark.parametrize("name", ["other", "..", "%2e%2e", "a%2fb", "ü", "current"])
def test_a_model_that_is_not_here_is_not_found(service: Service, name: str) -> None:
    response = service.get(f"/models/{name}/versions")
    assert response.status_code == 404
    assert response.json()["error"] in ("model_not_found", "not_found")


def test_an_alias_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    (tmp_path / "serving" / "churn" / "aliases" / "staging.json").write_bytes(b"{")
    with Service(settings(tmp_path)) as service:
        assert service.get("/models").json()["models"][0]["aliases"] == {"production": "1"}


def test_without_a_model_there_are_none(empty: Service) -> None:
    assert empty.get("/models").json() == {"models": []}


@pytest.mark.parametrize(
    ("accept", "media_type", "start"),
    [
        ("*/*", "text/markdown", "# sample"),
        ("text/markdown", "text/markdown", "# sample"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html", "<!doctype html>"),
    ],
)
def test_gives_the_card_as_the_client_likes_it(service: Service, accept: str, media_type: str, start: str) -> None:
    response = service.get("/models/current/card", headers={"Accept": accept})
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.text.startswith(start)


def test_gives_the_bundles_own_page_of_the_card_where_it_has_one(tmp_path: Path) -> None:
    files = read_directory(bundle())
    write_directory(tmp_path / "made", with_manifest({**files, "card.html": b"<!doctype html><h1>own</h1>"}, ABOUT))
    publish(tmp_path, "churn", tmp_path / "made")
    with Service(settings(tmp_path)) as service:
        response = service.get("/models/current/card", headers={"Accept": "text/html"})
    assert response.text == "<!doctype html><h1>own</h1>"
    assert "default-src 'none'; img-src data:" in response.headers["content-security-policy"]


def test_gives_the_card_in_no_other_form(service: Service) -> None:
    response = service.get("/models/current/card", headers={"Accept": "application/pdf"})
    assert (response.status_code, response.json()["error"]) == (406, "not_acceptable")


@pytest.mark.parametrize("path", ["/models/current", "/models/current/schema", "/models/current/card"])
def test_without_a_model_there_is_none_to_describe(empty: Service, path: str) -> None:
    response = empty.get(path)
    assert (response.status_code, response.json()["error"]) == (503, "model_not_ready")


def test_the_declared_predict_route_is_answered_in_front_of_the_framework(service: Service) -> None:
    with pytest.raises(RuntimeError):
        service.run(predict(PredictionRequest(data=[FeatureRow()])))
