"""Rows checked cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.errors import CellError, RowsError
from mlapi.bundle.moments import seconds_of
from mlapi.bundle.rows import check_rows, table_to_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory, OnUnknownFeature
from mlapi.bundle.types import Cell
from tests.fixtures.strategies import rows_of, schemas
from tests.fixtures.tables import Sample, booleans, mixed, numbers

SCHEMA = FeatureSchema(
    features=(
        Feature(name="n", kind=FeatureKind.NUMERIC),
        Feature(name="i", kind=FeatureKind.INTEGER, nullable=True),
        Feature(name="b", kind=FeatureKind.BOOLEAN),
        Feature(name="c", kind=FeatureKind.CATEGORICAL, categories=("x", "y"), nullable=True),
        Feature(name="r", kind=FeatureKind.CATEGORICAL, categories=("x",), on_unknown=OnUnknownCategory.REJECT),
    )
)
GOOD: dict[str, Any] = {"n": 1.5, "i": 2, "b": True, "c": "x", "r": "x"}


def refusal(*rows: dict[str, Any], schema: FeatureSchema = SCHEMA) -> RowsError:
    with pytest.raises(RowsError) as caught:
        check_rows(schema, rows)
    return caught.value


def test_good_rows_become_a_table_in_the_schemas_order() -> None:
    table = check_rows(SCHEMA, [GOOD, {"r": "x", "n": 3, "b": False, "i": 4.0}])
    assert list(table) == ["n", "i", "b", "c", "r"]
    assert [table[name].dtype for name in "nibcr"] == [np.float64] * 3 + [np.object_] * 2
    assert table["n"].tolist() == [1.5, 3.0]
    assert table["i"].tolist() == [2.0, 4.0]
    assert table["b"].tolist() == [1.0, 0.0]
    assert table["c"].tolist() == ["x", None]


def test_null_and_absent_are_missing_where_the_feature_is_nullable() -> None:
    table = check_rows(SCHEMA, [{**GOOD, "i": None, "c": None}, {"n": 1, "b": True, "r": "x"}])
    assert np.isnan(table["i"]).all()
    assert table["c"].tolist() == [None, None]


def test_no_rows_give_an_empty_table() -> None:
    assert {name: len(cells) for name, cells in check_rows(SCHEMA, []).items()} == dict.fromkeys("nibcr", 0)


def test_an_unknown_category_that_is_not_rejected_stays() -> None:
    assert check_rows(SCHEMA, [{**GOOD, "c": "never seen"}])["c"].tolist() == ["never seen"]


@pytest.mark.parametrize(
    ("name", "cell", "code", "expected"),
    [
        ("n", None, "null_not_allowed", "a number"),
        ("n", "1", "wrong_type", "a number"),
        ("n", True, "wrong_type", "a number"),
        ("n", [1], "wrong_type", "a number"),
        ("n", float("nan"), "wrong_type", "a finite number"),
        ("n", float("-inf"), "wrong_type", "a finite number"),
        ("n", 1e39, "out_of_range", "a number of at most 3.4028235e38 in magnitude, float32's largest"),
        ("n", 10**400, "out_of_range", "a number of at most 3.4028235e38 in magnitude, float32's largest"),
        ("i", 2.5, "not_integer", "a whole number"),
        ("i", False, "wrong_type", "a whole number"),
        ("b", 1, "wrong_type", "true or false"),
        ("b", "true", "wrong_type", "true or false"),
        ("b", None, "null_not_allowed", "true or false"),
        ("c", 1, "wrong_type", "one of: x, y"),
        ("c", ["x"], "wrong_type", "one of: x, y"),
        ("c", "x\0", "invalid_text", "text without NUL and without half a surrogate pair"),
        ("c", "\ud800", "invalid_text", "text without NUL and without half a surrogate pair"),
        ("r", "y", "unknown_category", "one of: x"),
        ("r", "X", "unknown_category", "one of: x"),
        ("r", " x", "unknown_category", "one of: x"),
        ("r", "", "unknown_category", "one of: x"),
        ("r", "\udfff", "invalid_text", "text without NUL and without half a surrogate pair"),
        ("zz", 1, "unknown_feature", "one of: n, i, b, c, r"),
    ],
    ids=lambda value: ascii(value)[:25],
)
def test_a_bad_cell_is_named_with_its_row_and_what_is_expected(
    name: str, cell: object, code: str, expected: str
) -> None:
    error = refusal(GOOD, {**GOOD, name: cell})
    assert error.errors == (CellError(1, name, code, expected),)
    assert error.total == 1


def test_an_absent_feature_is_named() -> None:
    error = refusal({name: cell for name, cell in GOOD.items() if name != "b"})
    assert error.errors == (CellError(0, "b", "missing_feature", "true or false"),)


def test_bad_cells_are_told_row_by_row_in_the_schemas_order() -> None:
    error = refusal({**GOOD, "r": 1, "n": "1", "odd": 0}, GOOD, {**GOOD, "also": 1, "odd": 2, "b": 0})
    told = [(cell.row, cell.feature) for cell in error.errors]
    assert told == [(0, "n"), (0, "r"), (0, "odd"), (2, "b"), (2, "also"), (2, "odd")]


def test_a_hundred_bad_cells_are_told_and_all_are_counted() -> None:
    error = refusal(*[{**GOOD, "n": "1", "b": 0}] * 300)
    assert error.total == 600
    assert len(error.errors) == 100
    assert (error.errors[-1].row, error.errors[-1].feature) == (49, "b")


def test_an_unknown_feature_may_be_ignored_by_the_schema() -> None:
    schema = FeatureSchema(features=SCHEMA.features, on_unknown_feature=OnUnknownFeature.IGNORE)
    assert "zz" not in check_rows(schema, [{**GOOD, "zz": float("nan")}])


def test_a_long_unknown_name_is_cut() -> None:
    assert len(refusal({**GOOD, "z" * 5000: 1}).errors[0].feature) == 100


def test_no_cell_is_echoed() -> None:
    secret = "hunter2"
    error = refusal({**GOOD, "n": secret, "i": secret, "b": secret, "r": secret})
    assert error.total == 4
    assert secret not in str(error) + repr(error.errors)


def test_awkward_names_are_ordinary_features() -> None:
    names = ("__class__", 'a"b', "a\\b", "a\nb", "é", "e\u0301", "keys", "{}")
    schema = FeatureSchema(features=tuple(Feature(name=name, kind=FeatureKind.NUMERIC) for name in names))
    assert [cells.tolist() for cells in check_rows(schema, [dict.fromkeys(names, 1)]).values()] == [[1.0]] * len(names)
    assert refusal(dict.fromkeys(names[1:], 1), schema=schema).errors[0].feature == "__class__"


def _told(schema: FeatureSchema, row: dict[str, Cell]) -> dict[str, Cell]:
    """A row with a cell for every feature, dates as seconds: they come back in one spelling of several."""
    moments = {one.name for one in schema.features if one.kind is FeatureKind.DATETIME}
    cells = {name: row.get(name) for name in schema.names}
    return {name: seconds_of(str(cell)) if cell and name in moments else cell for name, cell in cells.items()}


@given(st.data())
def test_rows_that_fit_come_back_from_their_table(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    rows = data.draw(rows_of(schema))
    table = check_rows(schema, rows)
    again = table_to_rows(schema, table)
    assert [_told(schema, row) for row in again] == [_told(schema, row) for row in rows]
    for name, cells in check_rows(schema, again).items():
        np.testing.assert_array_equal(cells, table[name])


@pytest.mark.parametrize("sample", [mixed(50), numbers(50), booleans(50)], ids=["mixed", "numbers", "booleans"])
def test_a_table_comes_back_from_its_rows(sample: Sample) -> None:
    schema = sample.schema()
    for name, cells in check_rows(schema, table_to_rows(schema, sample.table)).items():
        np.testing.assert_array_equal(cells, sample.table[name])


def test_rows_of_a_table_are_spelled_by_kind() -> None:
    table = check_rows(SCHEMA, [{**GOOD, "i": -0.0}, {**GOOD, "i": 1e25, "c": None}, {"n": 2, "b": False, "r": "x"}])
    assert [list(row.values()) for row in table_to_rows(SCHEMA, table)] == [
        [1.5, 0, True, "x", "x"],
        [1.5, 1e25, True, None, "x"],
        [2.0, None, False, None, "x"],
    ]
    first = table_to_rows(SCHEMA, table)[0]
    assert [type(cell) for cell in first.values()] == [float, int, bool, str, str]
