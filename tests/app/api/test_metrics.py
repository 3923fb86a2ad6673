"""`/metrics`, and what each request leaves there."""

import random
from collections import Counter
from pathlib import Path

import pytest

from mlapi.app.api.observer import by_label
from mlapi.app.services.prediction_service import PredictionService
from mlapi.bundle.types import Label
from tests.app.bundles import ROW, bundle
from tests.app.service import KEY, Service, publish, settings
from tests.ops.test_prometheus import parse


@pytest.fixture
def fresh(tmp_path: Path) -> Service:
    publish(tmp_path, "churn", bundle(("no", "yes")))
    return Service(settings(tmp_path))


def shown(service: Service) -> dict[str, float]:
    return parse(service.get("/metrics").text)


def test_counts_requests_rows_and_labels(fresh: Service) -> None:
    with fresh:
        answered = [
            label for n_rows in (1, 3, 30) for label in fresh.post({"data": [ROW] * n_rows}).json()["predictions"]
        ]
        fresh.post({"data": [ROW | {"town": "Atlantis"}]}, "/v1/predict")
        found = shown(fresh)
    assert found['mlapi_requests_total{route="/predict",status="200"}'] == 3
    assert found['mlapi_requests_total{route="/v1/predict",status="200"}'] == 1
    assert found['mlapi_request_seconds_count{route="/predict"}'] == 3
    assert found['mlapi_rows_bucket{le="2"}'] == 2
    assert (found["mlapi_rows_count"], found["mlapi_rows_sum"]) == (4, 35)
    assert found['mlapi_unknown_categories_total{version="1"}'] == 1
    counted = {name: value for name, value in found.items() if name.startswith("mlapi_predictions_total")}
    assert set(counted) <= {f'mlapi_predictions_total{{version="1",label="{label}"}}' for label in ("no", "yes")}
    assert sum(counted.values()) == len(answered) + 1


@pytest.mark.parametrize("classes", [("no", "yes"), (0, 1), (False, True), (7, "7x"), ("a", "b", "c")])
@pytest.mark.parametrize("n_rows", [1, 2, 50])
def test_counts_each_label_as_often_as_it_is_there(classes: tuple[Label, ...], n_rows: int) -> None:
    for of in (classes, classes[:1], classes[1:]):
        labels = random.Random(n_rows).choices(of, k=n_rows)
        assert by_label(labels, classes) == Counter(labels)


def test_counts_refusals_by_code_and_no_path_of_a_client(fresh: Service) -> None:
    with fresh:
        fresh.post(b"{")
        fresh.post({"data": [{}]}, key="wrong")
        fresh.get("/nothing-of-the-kind")
        fresh.get("/models/current/schema")
        fresh.get("/v1/models/current")
        fresh.call("HEAD", "/models/current")
        text = fresh.get("/metrics").text
    found = parse(text)
    assert found['mlapi_rejects_total{code="invalid_json"}'] == 1
    assert found['mlapi_rejects_total{code="unauthorized"}'] == found["mlapi_auth_failures_total"] == 1
    assert found['mlapi_requests_total{route="/predict",status="401"}'] == 1
    assert found['mlapi_requests_total{route="unmatched",status="404"}'] == 1
    assert found['mlapi_requests_total{route="/models/current/schema",status="200"}'] == 1
    assert found['mlapi_requests_total{route="/v1/models/current",status="200"}'] == 1
    assert found['mlapi_requests_total{route="/models/current",status="200"}'] == 1
    assert "nothing-of-the-kind" not in text
    assert KEY not in text


def test_a_request_that_fails_is_counted_out_again(fresh: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with fresh:
        monkeypatch.setattr(PredictionService, "predict", fail)
        assert fresh.post({"data": [ROW]}).status_code == 500
        fresh.raw({}, None)  # the client has gone
        found = shown(fresh)
    assert found["mlapi_requests_in_flight"] == 1  # the one that asks
    assert found['mlapi_rejects_total{code="internal_error"}'] == 1
    assert found['mlapi_requests_total{route="/predict",status="499"}'] == 1


def test_tells_what_the_model_is_and_what_became_of_others(tmp_path: Path, fresh: Service) -> None:
    with fresh:
        found = shown(fresh)
        (info,) = [name for name in found if name.startswith("mlapi_model_info")]
        assert 'name="churn",version="1",stage="production"' in info
        assert (found["mlapi_model_loads_total"], found["mlapi_model_generation"]) == (1, 1)
        broken = tmp_path / "serving" / "churn" / "versions"
        publish(tmp_path, "churn", bundle())
        (broken / "2" / "manifest.json").write_bytes(b"{}")
        assert fresh.models is not None
        fresh.models.load_now()
        publish(tmp_path, "churn", bundle(seed=2))
        fresh.models.load_now()
        found = shown(fresh)
    assert found["mlapi_model_swaps_total"] == 1
    assert sum(value for name, value in found.items() if name.startswith("mlapi_model_refusals_total")) == 1


def test_needs_a_key_and_a_model_is_not_needed(empty: Service) -> None:
    assert empty.get("/metrics", key=None).status_code == 401
    answer = empty.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "mlapi_model_info" not in answer.text
