import numpy as np
import pyarrow as pa
import pytest

from mlapi.bundle.rows import check_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.training.errors import ColumnError
from mlapi.training.scoring.cells import read_cells


def schema(kind: FeatureKind, *, nullable: bool = True) -> FeatureSchema:
    some = ("1", "2.5", "2024-01-31T09:30:00Z") if kind is FeatureKind.CATEGORICAL else ()
    on_unknown = OnUnknownCategory.REJECT if some else OnUnknownCategory.MISSING
    one = Feature(name="x", kind=kind, nullable=nullable, categories=some, on_unknown=on_unknown)
    return FeatureSchema(features=(one,))


DATES = ["2024-01-31", "2024-01-31T09:30:00Z", "2024-01-31 09:30:00.5+02:00", None]


def test_texts_of_dates_are_what_rows_of_them_are() -> None:
    found = read_cells(schema(FeatureKind.DATETIME), pa.table({"x": DATES}))
    assert not found.bad
    np.testing.assert_array_equal(
        found.table["x"], check_rows(schema(FeatureKind.DATETIME), [{"x": x} for x in DATES])["x"]
    )


@pytest.mark.parametrize("kind", [pa.timestamp("ns", "UTC"), pa.timestamp("s"), pa.date32()])
def test_typed_dates_are_seconds(kind: pa.DataType) -> None:
    column = pa.array([86_400, None], pa.int64()).cast(pa.timestamp("s")).cast(kind)
    np.testing.assert_array_equal(
        read_cells(schema(FeatureKind.DATETIME), pa.table({"x": column})).table["x"], [86_400.0, np.nan]
    )


@pytest.mark.parametrize(
    ("kind", "column", "code"),
    [
        (FeatureKind.DATETIME, pa.array(["1970-01-02", "2024-02-30"]), "not_datetime"),
        (FeatureKind.DATETIME, pa.array([0, 10**12]).cast(pa.timestamp("s")), "not_datetime"),
        (FeatureKind.BOOLEAN, pa.array([1, 2]), "wrong_type"),
        (FeatureKind.CATEGORICAL, pa.array([1.0, 3.0]), "unknown_category"),
        (FeatureKind.CATEGORICAL, pa.array(["1", "3"]).dictionary_encode(), "unknown_category"),
        (FeatureKind.NUMERIC, pa.array([1.0, -np.inf]), "wrong_type"),
    ],
)
def test_a_cell_that_does_not_fit_is_found(kind: FeatureKind, column: pa.Array, code: str) -> None:
    (bad,) = read_cells(schema(kind), pa.table({"x": column})).bad
    assert (bad.row, bad.feature, bad.fault.code) == (1, "x", code)


def test_typed_cells_are_spelled_as_categories() -> None:
    numbers = read_cells(schema(FeatureKind.CATEGORICAL), pa.table({"x": [1.0, 2.5, None]}))
    moments = pa.array([1706693400]).cast(pa.timestamp("s"))
    assert (numbers.table["x"].tolist(), numbers.bad) == (["1", "2.5", None], [])
    assert not read_cells(schema(FeatureKind.CATEGORICAL), pa.table({"x": moments})).bad


@pytest.mark.parametrize("kind", list(FeatureKind))
def test_a_missing_cell_needs_a_nullable_feature(kind: FeatureKind) -> None:
    table = pa.table({"x": pa.nulls(2)})
    assert not read_cells(schema(kind), table).bad
    assert [one.fault.code for one in read_cells(schema(kind, nullable=False), table).bad] == ["null_not_allowed"] * 2


def test_a_type_that_cannot_be_the_features_is_refused() -> None:
    with pytest.raises(ColumnError, match="holds timestamp"):
        read_cells(schema(FeatureKind.NUMERIC), pa.table({"x": pa.array([0]).cast(pa.timestamp("s"))}))
