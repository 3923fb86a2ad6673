"""One definition of a feature: what it refuses and what it completes."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from mlapi.bundle.errors import SchemaError
from mlapi.bundle.rows import check_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.bundle.types import Cell

NUMERIC, INTEGER, BOOLEAN, CATEGORICAL, DATETIME = FeatureKind


def numeric(name: str = "x") -> Feature:
    return Feature(name=name, kind=NUMERIC)


def only(feature: Feature) -> FeatureSchema:
    return FeatureSchema(features=(feature,))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: numeric(""), "must not be empty"),
        (lambda: numeric("a\0b"), "NUL"),
        (lambda: numeric("\ud800"), "surrogate"),
        (lambda: Feature(name="x", kind=NUMERIC, description="\ud800"), "description"),
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
    ],
)
def test_an_impossible_feature_is_refused(make: Callable[[], object], reason: str) -> None:
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
        (DATETIME, (), "soon"),
        (DATETIME, (), 0),
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
        (Feature(name="x", kind=DATETIME), "1970-01-01T00:00:00Z"),
        (Feature(name="x", kind=DATETIME, minimum=86_400.0), "1970-01-02T00:00:00Z"),
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


def test_a_range_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(SchemaError, match="years 1 to 9999"):
        Feature(name="x", kind=DATETIME, minimum=0.0, maximum=1e12)


def test_other_categories_have_a_code_of_their_own() -> None:
    listed = Feature(name="x", kind=CATEGORICAL, categories=("a", "b"))
    others = msgspec.structs.replace(listed, on_unknown=OnUnknownCategory.OTHER)
    assert (listed.n_codes, others.n_codes) == (2, 3)
    assert others.fault("anything") is None
    assert msgspec.structs.replace(numeric(), on_unknown=OnUnknownCategory.OTHER).n_codes == 0
