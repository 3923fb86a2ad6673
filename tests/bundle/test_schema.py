"""One definition of a feature: what it refuses, what it completes, and its way through JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given

from mlapi.bundle.errors import FormatError, SchemaError
from mlapi.bundle.rows import check_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory, OnUnknownFeature
from mlapi.bundle.types import Cell
from tests.fixtures.strategies import schemas

NUMERIC, INTEGER, BOOLEAN, CATEGORICAL = FeatureKind


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
        (lambda: numeric(""), "must not be empty"),
        (lambda: numeric("a\0b"), "NUL"),
        (lambda: numeric("\ud800"), "surrogate"),
        (lambda: Feature(name="x", kind=BOOLEAN, minimum=0.0), "has no range"),
        (lambda: Feature(name="x", kind=CATEGORICAL, categories=("a",), maximum=0.0), "has no range"),
        (lambda: Feature(name="x", kind=NUMERIC, minimum=2.0, maximum=1.0), "above its maximum"),
        (lambda: Feature(name="x", kind=NUMERIC, minimum=float("nan")), "beyond float32"),
        (lambda: Feature(name="x", kind=NUMERIC, maximum=float("inf")), "beyond float32"),
        (lambda: Feature(name="x", kind=NUMERIC, maximum=1e39), "beyond float32"),
        (lambda: Feature(name="x", kind=CATEGORICAL), "needs categories"),
        (lambda: Feature(name="x", kind=NUMERIC, categories=("a",)), "needs categories"),
        (lambda: Feature(name="x", kind=CATEGORICAL, categories=("a", "b", "a")), "twice"),
        (lambda: Feature(name="x", kind=CATEGORICAL, categories=("a", "")), "must not be empty"),
        (lambda: Feature(name="x", kind=CATEGORICAL, categories=("a\0",)), "NUL"),
        (lambda: Feature(name="x", kind=CATEGORICAL, categories=("\udc00",)), "surrogate"),
        (lambda: FeatureSchema(features=()), "no features"),
        (lambda: FeatureSchema(features=(numeric("a"), numeric("b"), numeric("a"))), "feature 'a': the name .* twice"),
        (lambda: FeatureSchema(features=(numeric("a"),), target="a"), "is the target"),
        (lambda: FeatureSchema(features=(numeric("a"),), target="\ud800"), "target's name"),
    ],
)
def test_an_impossible_schema_is_refused(make: Callable[[], object], reason: str) -> None:
    with pytest.raises(SchemaError, match=reason):
        make()


@pytest.mark.parametrize(
    ("kind", "categories", "example"),
    [
        (NUMERIC, (), "1"),
        (NUMERIC, (), True),
        (NUMERIC, (), 1e39),
        (NUMERIC, (), float("nan")),
        (NUMERIC, (), 2**53),
        (INTEGER, (), 1.5),
        (INTEGER, (), -(2**53)),
        (BOOLEAN, (), 1),
        (CATEGORICAL, ("a",), "b"),
        (CATEGORICAL, ("a",), 1),
    ],
)
def test_an_example_that_does_not_fit_is_refused(kind: FeatureKind, categories: tuple[str, ...], example: Cell) -> None:
    with pytest.raises(SchemaError, match="example does not fit"):
        Feature(name="x", kind=kind, categories=categories, example=example)


@pytest.mark.parametrize(
    ("feature", "example"),
    [
        (Feature(name="x", kind=NUMERIC), 0.0),
        (Feature(name="x", kind=NUMERIC, minimum=2.5), 2.5),
        (Feature(name="x", kind=INTEGER), 0),
        (Feature(name="x", kind=INTEGER, minimum=-3.0), -3),
        (Feature(name="x", kind=INTEGER, minimum=1e25), 1e25),
        (Feature(name="x", kind=BOOLEAN), False),
        (Feature(name="x", kind=CATEGORICAL, categories=("b", "a")), "b"),
        (Feature(name="x", kind=NUMERIC, nullable=True), None),
    ],
)
def test_an_example_that_is_not_given_is_the_plainest_cell_that_fits(feature: Feature, example: Cell) -> None:
    assert feature.example == example
    assert type(feature.example) is type(example)
    check_rows(only(feature), [only(feature).example_row()])
    assert FeatureSchema.from_json(only(feature).to_json()) == only(feature)


def test_a_changed_copy_is_checked_again() -> None:
    with pytest.raises(SchemaError):
        msgspec.structs.replace(numeric(), name="")


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


def test_schemas_are_hashable_values() -> None:
    assert len({only(numeric()), only(numeric())}) == 1
    with pytest.raises(AttributeError):
        numeric().name = "y"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (numeric(), "a number"),
        (Feature(name="x", kind=INTEGER), "a whole number"),
        (Feature(name="x", kind=BOOLEAN), "true or false"),
        (Feature(name="x", kind=CATEGORICAL, categories=("a", "b")), "one of: a, b"),
    ],
)
def test_a_feature_says_what_it_expects(feature: Feature, expected: str) -> None:
    assert feature.expected == expected
