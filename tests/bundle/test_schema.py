"""All features of a model, and their way through JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given

from mlapi.bundle.errors import FormatError, SchemaError
from mlapi.bundle.rows import check_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory, OnUnknownFeature
from tests.fixtures.strategies import schemas

NUMERIC, INTEGER, BOOLEAN, CATEGORICAL, DATETIME = FeatureKind


def numeric(name: str = "x") -> Feature:
    return Feature(name=name, kind=NUMERIC)


def only(feature: Feature) -> FeatureSchema:
    return FeatureSchema(features=(feature,))


@given(schemas())
def test_a_schema_comes_back_from_json_and_equal_schemas_have_equal_bytes(schema: FeatureSchema) -> None:
    data = schema.to_json()
    again = FeatureSchema.from_json(data)
    assert again == schema
    assert again.to_json() == data
    assert [type(feature.example) for feature in again.features] == [type(one.example) for one in schema.features]


@given(schemas())
def test_the_example_row_always_fits(schema: FeatureSchema) -> None:
    check_rows(schema, [schema.example_row()])


def test_the_json_is_for_people_and_ends_with_a_newline() -> None:
    data = FeatureSchema(features=(numeric(),), target="größe").to_json()
    assert data.endswith(b"}\n")
    assert b"\n  " in data
    assert "größe".encode() in data
    assert list(json.loads(data)) == ["features", "on_unknown_feature", "target"]


def test_defaults_are_the_strict_ones() -> None:
    schema = only(numeric())
    assert schema.on_unknown_feature is OnUnknownFeature.REJECT
    assert not schema.features[0].nullable
    assert schema.features[0].on_unknown is OnUnknownCategory.MISSING


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"features": []}',
        b'{"features": [{"name": "a"}]}',
        b'{"features": [{"name": "a", "kind": "decimal"}]}',
        b'{"features": [{"name": "a", "kind": "numeric", "colour": 1}]}',
        b'{"features": [{"name": "a", "kind": "numeric", "minimum": NaN}]}',
        b'{"features": [{"name": "a", "kind": "numeric", "minimum": 1e400}]}',
        b'{"features": [{"name": "a", "kind": "numeric", "minimum": 1e39}]}',
        b'{"features": [{"name": "a", "kind": "numeric", "example": "x"}]}',
        b'{"features": [{"name": "a", "kind": "numeric", "example": 123456789012345678901234567890}]}',
        b'{"features": [{"name": "a\\u0000", "kind": "numeric"}]}',
        b'{"features": [{"name": "a\\ud800", "kind": "numeric"}]}',
        b'{"features": [{"name": "a", "kind": "numeric"}, {"name": "a", "kind": "boolean"}]}',
        b'{"features": [{"name": "a", "kind": "numeric", "kind": "integer"}]}',
        b'{"features": [{"name": "a", "kind": "numeric"}]} {}',
        b'\xff{"features": []}',
    ],
    ids=lambda data: data[:60].decode("latin-1"),
)
def test_from_json_refuses(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"^schema\.json: "):
        FeatureSchema.from_json(data)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: FeatureSchema(features=()), "no features"),
        (lambda: FeatureSchema(features=(numeric("a"), numeric("b"), numeric("a"))), "feature 'a': the name .* twice"),
        (lambda: FeatureSchema(features=(numeric("a"),), target="a"), "is the target"),
        (lambda: FeatureSchema(features=(numeric("a"),), target="\ud800"), "target's name"),
    ],
)
def test_an_impossible_schema_is_refused(make: Callable[[], object], reason: str) -> None:
    with pytest.raises(SchemaError, match=reason):
        make()


def test_names_that_look_alike_are_different_features() -> None:
    schema = FeatureSchema(
        features=(numeric("é"), numeric("e\u0301"), numeric("É"), numeric(" é"), numeric("__class__"))
    )
    assert schema.names == ("é", "e\u0301", "É", " é", "__class__")
    assert schema.feature("__class__").name == "__class__"


def test_a_feature_is_found_by_name() -> None:
    schema = FeatureSchema(features=(numeric("a"), numeric("b")))
    assert schema.feature("b") is schema.features[1]
    assert "b" in schema
    assert "c" not in schema
    assert 1 not in schema
    with pytest.raises(KeyError):
        schema.feature("c")
