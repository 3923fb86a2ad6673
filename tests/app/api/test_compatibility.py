"""What breaks clients of an OpenAPI document, each planted once."""

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.api.compatibility import breaking

CONTRACT = Path(__file__).parents[3] / "docs" / "openapi" / "v1.json"
TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def contract() -> Any:
    return json.loads(CONTRACT.read_bytes())


def predict(document: Any) -> Any:
    return document["paths"]["/v1/predict"]["post"]


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def planted(contract: Any, change: Callable[[Any], object], today: date = TODAY) -> list[str]:
    changed = copy.deepcopy(contract)
    change(changed)
    return breaking(contract, changed, today)


def remove(document: Any, path: str) -> None:
    del document["paths"][path]


BREAKS: dict[str, Callable[[Any], object]] = {
    "an operation is gone": lambda d: remove(d, "/v1/models/current"),
    "a media type is taken no more": lambda d: predict(d)["requestBody"]["content"].pop("text/csv"),
    "a media type is answered no more": lambda d: predict(d)["responses"]["200"]["content"].pop("text/csv"),
    "an option is gone": lambda d: schema(d, "PredictionOptions")["properties"].pop("explain"),
    "an option is of another type": lambda d: schema(d, "PredictionOptions")["properties"]["explain"].update(
        type="string"
    ),
    "an option takes less": lambda d: schema(d, "PredictionOptions")["properties"]["explain"].update(maximum=5),
    "an option takes only more": lambda d: schema(d, "PredictionOptions")["properties"]["threshold"].update(
        minimum=0.5
    ),
    "an option must be given": lambda d: schema(d, "PredictionOptions").update(required=["explain"]),
    "a query parameter is gone": lambda d: predict(d)["parameters"].pop(),
    "a query parameter must be given": lambda d: predict(d)["parameters"][0].update(required=True),
    "a field of an answer is gone": lambda d: schema(d, "PredictionResponse")["properties"].pop("timestamp"),
    "a field of an answer may be missing": lambda d: schema(d, "PredictionResponse")["required"].remove("timestamp"),
    "a field of an answer may be null": lambda d: schema(d, "ModelMetadata")["properties"].update(
        version={"type": ["string", "null"]}
    ),
    "a field of an answer has a new value": lambda d: schema(d, "ModelMetadata")["properties"]["stage"]["enum"].append(
        "x"
    ),
    "a list holds something else": lambda d: schema(d, "ModelMetadata")["properties"]["aliases"].update(
        items={"type": "object"}
    ),
    "a probe needs a key": lambda d: d["paths"]["/ping"]["get"].pop("security"),
    "a success is another status": lambda d: d["paths"]["/ping"]["get"]["responses"].pop("200"),
    "a tensor type is gone": lambda d: schema(d, "InferInput")["properties"]["datatype"]["enum"].remove("BOOL"),
}


@pytest.mark.parametrize("change", BREAKS.values(), ids=BREAKS.keys())
def test_catches_a_planted_break(contract: Any, change: Callable[[Any], object]) -> None:
    assert planted(contract, change)


ADDITIONS: dict[str, Callable[[Any], object]] = {
    "nothing": lambda d: None,
    "an operation": lambda d: d["paths"].update({"/v1/new": d["paths"]["/ping"]}),
    "a media type": lambda d: predict(d)["requestBody"]["content"].update(
        {"text/plain": {"schema": {"type": "string"}}}
    ),
    "an option": lambda d: schema(d, "PredictionOptions")["properties"].update(more={"type": "boolean"}),
    "a wider option": lambda d: schema(d, "PredictionOptions")["properties"]["explain"].update(maximum=10**6),
    "a query parameter": lambda d: predict(d)["parameters"].append(
        {"name": "more", "in": "query", "schema": {"type": "string"}}
    ),
    "a field of an answer": lambda d: schema(d, "PredictionResponse")["properties"].update(more={"type": "string"}),
    "an error status": lambda d: predict(d)["responses"].update({"429": {"description": "Too many."}}),
    "a description": lambda d: predict(d).update(description="Better."),
}


@pytest.mark.parametrize("change", ADDITIONS.values(), ids=ADDITIONS.keys())
def test_lets_pass_what_no_client_misses(contract: Any, change: Callable[[Any], object]) -> None:
    assert planted(contract, change) == []


@pytest.mark.parametrize(
    ("marks", "breaks"),
    [
        ({"deprecated": True, "x-sunset": "2026-06-01"}, False),
        ({"deprecated": True, "x-sunset": "2026-06-02"}, True),
        ({"deprecated": True}, True),
        ({"x-sunset": "2026-01-01"}, True),
    ],
)
def test_an_operation_may_go_after_its_announced_sunset(contract: Any, marks: dict[str, Any], breaks: bool) -> None:
    announced = copy.deepcopy(contract)
    announced["paths"]["/v1/models/current"]["get"].update(marks)
    assert bool(planted(announced, lambda d: remove(d, "/v1/models/current"))) is breaks


def test_a_schema_that_refers_to_itself_ends() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
    answers = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}}}
    document = {
        "paths": {"/tree": {"get": {"responses": answers, "requestBody": answers["200"]}}},
        "components": {"schemas": {"Tree": tree}},
    }
    assert breaking(document, document, TODAY) == []


def test_a_body_that_was_optional_must_stay_so() -> None:
    before: Any = {"paths": {"/x": {"post": {"responses": {}}}}, "components": {"schemas": {}}}
    after = copy.deepcopy(before)
    after["paths"]["/x"]["post"]["requestBody"] = {"required": True, "content": {}}
    assert breaking(before, after, TODAY) == ["POST /x: must have a body now"]
    assert breaking(after, before, TODAY) == []
