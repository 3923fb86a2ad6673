"""The OpenAPI document, made for the loaded model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.api.openapi import TAGS
from mlapi.app.schemas.prediction import PredictionResponse
from tests.app.bundles import SCHEMA, bundle
from tests.app.service import Service, publish, settings

COMPONENTS = {
    "PredictionRequest",
    "PredictionResponse",
    "FeatureRow",
    "ModelMetadata",
    "HealthResponse",
    "ErrorResponse",
}


@pytest.fixture(scope="module")
def document(service: Service) -> Any:
    return service.get("/openapi.json").json()


def references(node: Any) -> Iterator[str]:
    """Every $ref inside a document."""
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_has_the_promised_components_and_no_loose_reference(document: Any) -> None:
    components = document["components"]["schemas"]
    assert set(components) >= COMPONENTS
    assert {reference.rpartition("/")[2] for reference in references(document)} <= set(components)


def test_the_rows_component_is_derived_from_the_models_schema(document: Any) -> None:
    row = document["components"]["schemas"]["FeatureRow"]
    assert tuple(row["properties"]) == SCHEMA.names
    assert row["required"] == ["age", "member", "plan"]
    assert row["additionalProperties"] is False
    assert row["properties"]["age"]["type"] == "integer"
    assert row["properties"]["age"]["x-training-range"] == [0, 90]
    assert row["properties"]["income"]["type"] == ["number", "null"]
    assert row["properties"]["town"]["x-categories"] == ["Bern", "Oslo", "Rome"]
    assert row["properties"]["plan"]["enum"] == ["basic", "plus"]


def test_the_example_of_two_rows_is_answered_as_the_document_says(service: Service, document: Any) -> None:
    components = document["components"]["schemas"]
    example = components["PredictionRequest"]["example"]
    assert len(example["data"]) == 2
    assert example["data"][0] != example["data"][1]
    response = service.post(example)
    assert response.status_code == 200
    operation = document["paths"]["/v1/predict"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["example"] == example
    answer, shown = response.json(), components["PredictionResponse"]["example"]
    PredictionResponse.model_validate(shown)
    assert {**answer, "timestamp": None} == {**shown, "timestamp": None}


def test_the_answers_component_names_the_classes(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle(("low", "mid", "high")))
    with Service(settings(tmp_path)) as service:
        response = service.get("/openapi.json").json()["components"]["schemas"]["PredictionResponse"]
    assert response["properties"]["predictions"]["items"]["enum"] == ["low", "mid", "high"]
    row = response["properties"]["probabilities"]["items"]
    assert (list(row["properties"]), row["required"]) == (["low", "mid", "high"], ["low", "mid", "high"])


def test_every_operation_but_the_probes_asks_for_the_key(document: Any) -> None:
    assert document["security"] == [{"Bearer": []}]
    assert document["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"
    without = {path for path, _, operation in operations(document) if operation.get("security") == []}
    assert without == {"/health/live", "/health/ready", "/ping", "/v2/health/live", "/v2/health/ready"}


def test_every_error_status_has_examples_in_the_error_shape(document: Any) -> None:
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            content = response["content"].get("application/json")
            assert content or int(status) < 400
            if int(status) >= 400 and content["schema"]["$ref"].endswith("/ErrorResponse"):
                for code, example in content["examples"].items():
                    assert sorted(example["value"]) == ["details", "error", "message", "request_id", "timestamp"], path
                    assert example["value"]["error"] == code


def test_predict_lists_every_status_that_it_gives(document: Any) -> None:
    for path in ("/predict", "/v1/predict"):
        statuses = [int(status) for status in document["paths"][path]["post"]["responses"]]
        assert sorted(statuses) == [200, 400, 401, 403, 404, 405, 406, 413, 415, 422, 500, 503]


def test_every_operation_has_a_tag_a_summary_and_an_id_of_its_own(document: Any) -> None:
    found = list(operations(document))
    assert {tag for _, _, operation in found for tag in operation["tags"]} == {tag["name"] for tag in TAGS}
    assert len({operation["operationId"] for _, _, operation in found}) == len(found)
    assert all(operation["summary"] for _, _, operation in found)


def test_is_made_once_for_a_model_and_anew_for_the_next(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle(("no", "yes")))
    with Service(settings(tmp_path)) as service:
        assert service.models is not None
        first = service.get("/openapi.json").json()
        assert service.get("/openapi.json").json() == first
        publish(tmp_path, "churn", bundle(("low", "mid", "high")))
        service.models.load_now()
        second = service.get("/openapi.json").json()
    assert "version 1" in first["info"]["description"]
    assert "version 2" in second["info"]["description"]
    labels = second["components"]["schemas"]["PredictionResponse"]["properties"]["predictions"]["items"]
    assert labels == {"enum": ["low", "mid", "high"]}


def test_without_a_model_describes_any_row(empty: Service) -> None:
    document = empty.get("/openapi.json").json()
    assert set(document["components"]["schemas"]) >= COMPONENTS
    assert document["components"]["schemas"]["FeatureRow"]["additionalProperties"] is not False
    assert "No model" in document["info"]["description"]


def test_shows_no_row_of_the_data(service: Service, document: Any) -> None:
    assert service.models is not None
    assert service.models.loaded is not None
    shown = json.dumps(document)
    assert not any(json.dumps(row) in shown for row in service.models.loaded.bundle.golden.rows)
