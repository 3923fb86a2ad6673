"""What OpenAPI declares is what the decoder takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mlapi.app.core.errors import AppError
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.app.schemas.row_model import FLOAT32_MAX, INTEGER_MAX, NO_NUL, property_schema, request_model
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.errors import RowsError
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory, OnUnknownFeature
from tests.app.schemas.strategies import documents, schemas, spelled


def decoder_takes(schema: FeatureSchema, text: bytes) -> bool:
    decoder = RequestDecoder(Encoder.fit(schema, {}), max_rows=3, max_depth=32)
    try:
        table = decoder.decode_table(text).table
        Encoder.fit(schema, table).encode_table(table)
    except (AppError, RowsError):
        return False
    return True


def declaration_takes(schema: FeatureSchema, text: bytes) -> bool:
    try:
        request_model(schema, max_rows=3).model_validate_json(text)
    except ValidationError:
        return False
    return True


@given(st.data())
def test_declaration_and_decoder_take_and_refuse_the_same(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    text = spelled(data.draw(documents(schema)))
    assert declaration_takes(schema, text) == decoder_takes(schema, text)


def test_names_the_components_as_promised() -> None:
    schema = FeatureSchema(features=(Feature(name="a", kind=FeatureKind.NUMERIC),))
    document = request_model(schema, max_rows=7).model_json_schema()
    assert document["title"] == "PredictionRequest"
    assert document["properties"]["data"]["items"] == {"$ref": "#/$defs/FeatureRow"}
    assert document["properties"]["data"]["maxItems"] == 7
    assert set(document["$defs"]) == {"FeatureRow", "PredictionOptions"}


@pytest.mark.parametrize(("policy", "more"), [(OnUnknownFeature.REJECT, False), (OnUnknownFeature.IGNORE, True)])
def test_says_whether_other_features_are_taken(policy: OnUnknownFeature, more: bool) -> None:
    schema = FeatureSchema(features=(Feature(name="a", kind=FeatureKind.NUMERIC),), on_unknown_feature=policy)
    row = request_model(schema, max_rows=7).model_json_schema()["$defs"]["FeatureRow"]
    assert row.get("additionalProperties", True) is more


CATEGORICAL = FeatureKind.CATEGORICAL
LIMITS = {"minimum": -FLOAT32_MAX, "maximum": FLOAT32_MAX}


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (
            Feature(name="a", kind=FeatureKind.NUMERIC, minimum=0.5, maximum=2.0, example=1.5, description="How far."),
            {"type": "number", **LIMITS, "x-training-range": [0.5, 2.0], "examples": [1.5], "description": "How far."},
        ),
        (
            Feature(name="a", kind=FeatureKind.INTEGER, nullable=True),
            {"type": ["integer", "null"], "minimum": -INTEGER_MAX, "maximum": INTEGER_MAX},
        ),
        (Feature(name="a", kind=FeatureKind.BOOLEAN, example=True), {"type": "boolean", "examples": [True]}),
        (
            Feature(name="a", kind=CATEGORICAL, categories=("x", "y")),
            {"type": "string", "pattern": NO_NUL, "x-categories": ["x", "y"], "examples": ["x"]},
        ),
        (
            Feature(name="a", kind=CATEGORICAL, categories=("x", "y"), on_unknown=OnUnknownCategory.REJECT),
            {"type": "string", "enum": ["x", "y"], "examples": ["x"]},
        ),
        (
            Feature(name="a", kind=CATEGORICAL, categories=("x",), on_unknown=OnUnknownCategory.REJECT, nullable=True),
            {"type": ["string", "null"], "enum": ["x", None]},
        ),
    ],
    ids=["numeric", "nullable integer", "boolean", "open categories", "closed categories", "closed and nullable"],
)
def test_describes_a_feature(feature: Feature, expected: dict[str, Any]) -> None:
    assert property_schema(feature) == expected


@pytest.mark.parametrize(
    ("feature", "taken", "refused"),
    [
        (Feature(name="a", kind=FeatureKind.NUMERIC), ["1", "1.5", "-3.4028235e38"], ["3.5e38", "true", '"1"', "NaN"]),
        (
            Feature(name="a", kind=FeatureKind.INTEGER),
            ["1", "3.0", "1e3", str(INTEGER_MAX), str(-INTEGER_MAX)],
            ["3.5", "true", '"1"', "9" * 400, "null", str(INTEGER_MAX + 1)],
        ),
        (Feature(name="a", kind=FeatureKind.BOOLEAN), ["true"], ["1", '"true"']),
        (Feature(name="a", kind=CATEGORICAL, categories=("x",)), ['"x"', '"y"', '""'], ['"\\u0000"', "1", "null"]),
        (
            Feature(name="a", kind=CATEGORICAL, categories=("x",), on_unknown=OnUnknownCategory.REJECT),
            ['"x"'],
            ['"y"', '"X"'],
        ),
    ],
    ids=["numeric", "integer", "boolean", "open categories", "closed categories"],
)
def test_takes_and_refuses_a_cell_as_the_decoder_does(feature: Feature, taken: list[str], refused: list[str]) -> None:
    schema = FeatureSchema(features=(feature,))
    for cell in (*taken, *refused):
        text = f'{{"data": [{{"a": {cell}}}]}}'.encode()
        assert declaration_takes(schema, text) is decoder_takes(schema, text) is (cell in taken), cell
