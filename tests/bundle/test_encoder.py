"""From cells to the matrix, equally from rows and from tables."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.cells import FLOAT32_OVERFLOW
from mlapi.bundle.encoder import (
    BooleanStep,
    CodesStep,
    DatetimeStep,
    Encoder,
    Encoding,
    NumberStep,
    OneHotStep,
    OrdinalStep,
    ScaleStep,
    Scaling,
    Step,
    UnknownCell,
)
from mlapi.bundle.errors import CellError, FormatError, RowsError
from mlapi.bundle.rows import check_rows, table_to_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.bundle.types import Cells, Row
from tests.fixtures.strategies import finite, rows_of, schemas, seconds
from tests.fixtures.tables import Sample, booleans, mixed, numbers

SCHEMA = FeatureSchema(
    features=(
        Feature(name="n", kind=FeatureKind.NUMERIC, nullable=True),
        Feature(name="c", kind=FeatureKind.CATEGORICAL, categories=("x", "y"), nullable=True),
        Feature(name="b", kind=FeatureKind.BOOLEAN),
        Feature(name="r", kind=FeatureKind.CATEGORICAL, categories=("z", "é"), on_unknown=OnUnknownCategory.REJECT),
    )
)
STEPS: list[Step] = [NumberStep("n"), CodesStep("c"), BooleanStep("b"), CodesStep("r")]
ENCODINGS: list[Encoding] = ["native", "one-hot", "ordinal"]
SCALINGS: list[Scaling] = ["none", "minmax"]
ENCODER = Encoder(SCHEMA, STEPS)
SCALED = Encoder(SCHEMA, [*STEPS, ScaleStep(("n",), (10.0,), (4.0,))])


def texts(*cells: str | None) -> Cells:
    return np.array(cells, np.object_)


def table(n: list[float], c: Cells, b: list[float], r: Cells) -> dict[str, Cells]:
    return {"n": np.array(n, np.float64), "c": c, "b": np.array(b, np.float64), "r": r}


def good(n_rows: int, **changed: Cells) -> dict[str, Cells]:
    """A table that fits, but for what is changed."""
    return {**table([1.0] * n_rows, texts(*"x" * n_rows), [0.0] * n_rows, texts(*"z" * n_rows)), **changed}


def test_cells_become_numbers_codes_and_indicators() -> None:
    rows: list[Row] = [{"n": 1.5, "c": "y", "b": True, "r": "z"}, {"c": None, "b": False, "r": "é"}]
    matrix = ENCODER.encode(rows)
    np.testing.assert_array_equal(matrix, np.array([[1.5, 1, 1, 0], [np.nan, np.nan, 0, 1]], np.float32))
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous


def test_columns_are_the_features_with_xgboosts_types() -> None:
    assert ENCODER.columns == ("n", "c", "b", "r")
    assert ENCODER.column_types == ("q", "c", "i", "c")


def test_no_rows_give_an_empty_matrix() -> None:
    assert ENCODER.encode([]).shape == (0, 4)
    assert SCALED.encode([]).shape == (0, 4)


def test_a_table_may_hold_more_columns_in_any_order() -> None:
    backwards = dict(reversed(good(2, extra=texts("a", "b")).items()))
    np.testing.assert_array_equal(ENCODER.encode_table(backwards).matrix, ENCODER.encode_table(good(2)).matrix)


def test_a_table_is_left_as_it_was() -> None:
    given_table = good(3, n=np.array([1.0, -0.0, np.nan]), c=texts("x", "new", None))
    before = {name: cells.copy() for name, cells in given_table.items()}
    SCALED.encode_table(given_table)
    for name, cells in given_table.items():
        np.testing.assert_array_equal(cells, before[name])


@given(st.data())
def test_rows_and_their_table_give_the_same_matrix_and_json_keeps_the_encoder(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    rows = data.draw(rows_of(schema))
    encodings = {name: data.draw(st.sampled_from(ENCODINGS)) for name in schema.names}
    scaling: Scaling = data.draw(st.sampled_from(SCALINGS))
    encoder = Encoder.fit(schema, check_rows(schema, rows), scaling=scaling, encodings=encodings)
    matrix = encoder.encode(rows)
    again = Encoder.from_json(schema, encoder.to_json())
    assert again.steps == encoder.steps
    assert again.to_json() == encoder.to_json()
    assert matrix.tobytes() == again.encode_table(check_rows(schema, rows)).matrix.tobytes()
    assert matrix.shape == (len(rows), len(encoder.columns))
    assert not np.isinf(matrix).any()


@given(st.lists(finite, min_size=1, max_size=20))
def test_a_number_is_its_float64_rounded_to_float32(cells: list[float]) -> None:
    matrix = ENCODER.encode_table(good(len(cells), n=np.array(cells))).matrix
    np.testing.assert_array_equal(matrix[:, 0], np.array(cells, np.float64).astype(np.float32))
    assert not np.signbit(matrix[matrix == 0]).any()


@given(st.lists(st.text(max_size=3) | st.sampled_from(["x", "y", "X", " x", "e\u0301"]) | st.none(), max_size=20))
def test_a_code_is_the_place_in_the_list_and_an_unknown_category_is_missing_and_told(cells: list[str | None]) -> None:
    encoded = ENCODER.encode_table(good(len(cells), c=texts(*cells)))
    codes = {"x": 0.0, "y": 1.0}
    np.testing.assert_array_equal(encoded.matrix[:, 1], [codes.get(cell or "", np.nan) for cell in cells])
    strange = [row for row, cell in enumerate(cells) if cell is not None and cell not in codes]
    assert encoded.unknown == tuple(UnknownCell(row, "c") for row in strange)


def test_unknown_categories_are_told_by_row() -> None:
    two = FeatureSchema(features=tuple(Feature(name=n, kind=FeatureKind.CATEGORICAL, categories=("x",)) for n in "ab"))
    encoded = Encoder.fit(two, {}).encode_table({"a": texts("x", "?", "?"), "b": texts("?", "x", "?")})
    assert encoded.unknown == ((0, "b"), (1, "a"), (2, "a"), (2, "b"))


def test_a_rejected_category_is_an_error_from_rows_and_from_tables() -> None:
    expected = (CellError(1, "r", "unknown_category", "one of: z, é"),)
    with pytest.raises(RowsError) as by_table:
        ENCODER.encode_table(good(2, r=texts("z", "e\u0301"), c=texts("new", "x")))
    with pytest.raises(RowsError) as by_rows:
        ENCODER.encode([{"c": "new", "b": True, "r": "z"}, {"b": True, "r": "e\u0301"}])
    assert by_table.value.errors == by_rows.value.errors == expected


@pytest.mark.parametrize("encoder", [ENCODER, SCALED], ids=["plain", "scaled"])
@pytest.mark.parametrize("cell", [np.inf, -np.inf, 1e39, 1e300, FLOAT32_OVERFLOW, -FLOAT32_OVERFLOW], ids=repr)
def test_no_infinity_reaches_the_trees(encoder: Encoder, cell: float) -> None:
    with pytest.raises(RowsError) as caught:
        encoder.encode_table(good(3, n=np.array([1.0, cell, cell]), c=texts("new", "x", "x")))
    assert [(bad.row, bad.feature, bad.code) for bad in caught.value.errors] == [
        (1, "n", "out_of_range"),
        (2, "n", "out_of_range"),
    ]


def test_what_just_rounds_down_to_float32s_largest_is_taken() -> None:
    largest = float(np.nextafter(FLOAT32_OVERFLOW, 0))
    assert ENCODER.encode_table(good(1, n=np.array([largest]))).matrix[0, 0] == np.finfo(np.float32).max


def test_bad_cells_of_a_table_are_told_row_by_row_a_hundred_at_most() -> None:
    many = good(200, n=np.full(200, 1e39), r=texts(*["no"] * 200))
    with pytest.raises(RowsError) as caught:
        ENCODER.encode_table(many)
    assert caught.value.total == 400
    assert [(bad.row, bad.feature) for bad in caught.value.errors[:3]] == [(0, "n"), (0, "r"), (1, "n")]
    assert len(caught.value.errors) == 100


def test_scaling_is_done_in_float64_before_rounding() -> None:
    scaled = SCALED.encode_table(good(3, n=np.array([10.0 + 2**-40, 2.0, np.nan]))).matrix[:, 0]
    np.testing.assert_array_equal(scaled, np.array([2**-42, -2.0, np.nan], np.float32))


def test_scaling_that_overflows_is_an_error() -> None:
    tiny = Encoder(SCHEMA, [*STEPS, ScaleStep(("n",), (0.0,), (1e-300,))])
    with pytest.raises(RowsError) as caught:
        tiny.encode_table(good(3, n=np.array([0.0, 1e10, 1e-299]), c=texts("new", "x", "x")))
    assert [(bad.row, bad.feature, bad.code) for bad in caught.value.errors] == [(1, "n", "out_of_range")]


def test_scaling_tells_unknown_categories_too() -> None:
    encoded = SCALED.encode_table(good(2, c=texts("new", "x")))
    assert encoded.unknown == ((0, "c"),)
    assert np.isnan(encoded.matrix[0, 1])


@pytest.mark.parametrize("scaling", ["none", "standard", "minmax"])
@pytest.mark.parametrize("sample", [mixed(), numbers(), booleans()], ids=["mixed", "numbers", "booleans"])
def test_fitted_encoders_agree_on_rows_and_tables(sample: Sample, scaling: str) -> None:
    schema = sample.schema()
    encoder = Encoder.fit(schema, sample.table, scaling=scaling)  # type: ignore[arg-type]  # the parameter's ids
    encoded = encoder.encode_table(sample.table)
    matrix, unknown = encoded.matrix, encoded.unknown
    assert matrix.tobytes() == encoder.encode(table_to_rows(schema, sample.table)).tobytes()
    assert unknown == ()
    quantities = matrix[:, [kind == "q" for kind in encoder.column_types]].astype(np.float64)
    if scaling == "minmax":
        assert ((np.isnan(quantities)) | ((quantities >= 0) & (quantities <= 1))).all()
    if scaling == "standard" and quantities.size:
        np.testing.assert_allclose(np.nanmean(quantities, axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(np.nanstd(quantities, axis=0), 1, rtol=1e-6)


def test_the_file_is_a_list_of_steps_with_their_kinds() -> None:
    assert json.loads(SCALED.to_json())["steps"] == [
        {"kind": "number", "feature": "n"},
        {"kind": "codes", "feature": "c"},
        {"kind": "boolean", "feature": "b"},
        {"kind": "codes", "feature": "r"},
        {"kind": "scale", "columns": ["n"], "offset": [10.0], "scale": [4.0]},
    ]


@pytest.mark.parametrize(
    "steps",
    [
        "[]",
        '[{"kind": "pickle", "feature": "n"}]',
        '[{"feature": "n"}]',
        '[{"kind": "number", "feature": "n", "more": 1}]',
        '[{"kind": "scale", "columns": ["n"], "offset": [0], "scale": [0]}]',
        '[{"kind": "scale", "columns": ["n"], "offset": [NaN], "scale": [1]}]',
        "3",
    ],
)
def test_a_file_with_other_steps_is_refused(steps: str) -> None:
    with pytest.raises(FormatError, match=r"^encoder\.json: "):
        Encoder.from_json(SCHEMA, b'{"steps": ' + steps.encode() + b"}")


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (STEPS[:3], "one step for each feature"),
        ([STEPS[1], STEPS[0], *STEPS[2:]], "one step for each feature"),
        ([NumberStep("zz"), *STEPS[1:]], "one step for each feature"),
        ([CodesStep("n"), *STEPS[1:]], "one step for each feature"),
        ([ScaleStep(("n",), (0.0,), (1.0,)), *STEPS], "one step for each feature"),
        ([*STEPS, NumberStep("n")], "more than one step"),
        ([*STEPS, *[ScaleStep(("n",), (0.0,), (1.0,))] * 2], "more than one step"),
        ([*STEPS, ScaleStep(("c",), (0.0,), (1.0,))], "'c', which is no number column"),
        ([*STEPS, ScaleStep(("zz",), (0.0,), (1.0,))], "'zz', which is no number column"),
    ],
)
def test_steps_that_do_not_fit_the_schema_are_refused(steps: list[Step], reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        Encoder(SCHEMA, steps)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"n": np.array([1.0])}, ValueError),
        ({"c": texts("x")}, ValueError),
        ({"c": np.array([0.0, 1.0])}, TypeError),
        ({"n": texts("1", "2")}, TypeError),
        ({"b": texts(None, None)}, TypeError),
    ],
    ids=["short numbers", "short texts", "codes for texts", "texts for numbers", "objects for booleans"],
)
def test_a_table_of_the_wrong_make_is_refused(changed: dict[str, Cells], error: type[Exception]) -> None:
    with pytest.raises(error):
        ENCODER.encode_table(good(2, **changed))


def test_a_table_without_a_feature_is_refused() -> None:
    with pytest.raises(KeyError, match="'r'"):
        ENCODER.encode_table({name: cells for name, cells in good(1).items() if name != "r"})


def test_two_thousand_features_are_columns_in_order() -> None:
    names = [f"f{place}" for place in range(2000)]
    wide = FeatureSchema(features=tuple(Feature(name=name, kind=FeatureKind.NUMERIC) for name in names))
    row = {name: place for place, name in reversed(list(enumerate(names)))}
    matrix = Encoder.fit(wide, {}).encode([row, row])
    assert all(second == first + 1 for first, second in pairwise(matrix[1].tolist()))


OPEN = FeatureSchema(
    features=(
        Feature(name="c", kind=FeatureKind.CATEGORICAL, categories=("x", "y"), on_unknown=OnUnknownCategory.OTHER),
        Feature(name="n", kind=FeatureKind.NUMERIC),
        Feature(name="t", kind=FeatureKind.DATETIME, nullable=True),
        Feature(name="m", kind=FeatureKind.CATEGORICAL, categories=("z",), nullable=True),
    )
)


def open_table(**changed: Cells) -> dict[str, Cells]:
    """Three rows: the categories of `c` and one that is rare, moments and a gap."""
    moments = np.array([0.0, 86_399.0, np.nan])
    return {"c": texts("x", "rare", "y"), "n": np.ones(3), "t": moments, "m": texts("z", "new", None), **changed}


@pytest.mark.parametrize(
    ("encoding", "columns", "types", "codes", "cells"),
    [
        ("native", ("c", "n"), "cq", (3, 0), [[0, 1], [2, 1], [1, 1]]),
        ("ordinal", ("c", "n"), "qq", (0, 0), [[0, 1], [2, 1], [1, 1]]),
        (
            "one-hot",
            ("c=x", "c=y", "c=(other)", "n"),
            "iiiq",
            (0, 0, 0, 0),
            [[1, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1]],
        ),
    ],
)
def test_other_categories_are_one_more_however_they_are_encoded(
    encoding: Encoding, columns: tuple[str, ...], types: str, codes: tuple[int, ...], cells: list[list[float]]
) -> None:
    encoder = Encoder.fit(OPEN, open_table(), encodings={"c": encoding})
    width = len(columns)
    encoded = encoder.encode_table(open_table(m=texts("z", "z", "z")))
    np.testing.assert_array_equal(encoded.matrix[:, :width], np.array(cells, np.float32))
    assert encoded.unknown == ()
    assert encoder.columns[:width] == columns
    assert "".join(encoder.column_types[:width]) == types
    assert encoder.column_codes[:width] == codes
    assert encoder.column_codes[-1] == 1


def test_a_missing_or_unknown_category_is_missing_in_each_of_its_columns() -> None:
    encoder = Encoder.fit(OPEN, open_table(), encodings={"m": "one-hot"})
    encoded = encoder.encode_table(open_table())
    np.testing.assert_array_equal(encoded.matrix[:, -1], np.array([1, np.nan, np.nan], np.float32))
    assert encoded.unknown == ((1, "m"),)


def test_a_moment_becomes_its_parts_side_by_side() -> None:
    steps: list[Step] = [OrdinalStep("c"), NumberStep("n"), DatetimeStep("t", ("hour", "year")), OneHotStep("m")]
    encoder = Encoder(OPEN, steps)
    assert encoder.columns == ("c", "n", "t.hour", "t.year", "m=z")
    assert encoder.feature_of_column == ("c", "n", "t", "t", "m")
    matrix = encoder.encode_table(open_table()).matrix
    np.testing.assert_array_equal(matrix[:, 2:4], np.array([[0, 1970], [23, 1970], [np.nan, np.nan]], np.float32))
    assert matrix.flags.c_contiguous
    assert Encoder.from_json(OPEN, encoder.to_json()).steps == encoder.steps


@pytest.mark.parametrize("seconds", [np.inf, -np.inf, 1e12, -1e12], ids=repr)
def test_a_moment_beyond_the_calendar_is_refused(seconds: float) -> None:
    encoder = Encoder.fit(OPEN, open_table())
    with pytest.raises(RowsError) as caught:
        encoder.encode_table(open_table(t=np.array([0.0, seconds, 0.0])))
    assert [(bad.row, bad.feature, bad.code) for bad in caught.value.errors] == [(1, "t", "not_datetime")]


def test_texts_for_moments_are_refused() -> None:
    with pytest.raises(TypeError, match="must be numbers"):
        Encoder.fit(OPEN, open_table()).encode_table(open_table(t=texts("2024-01-01", None, None)))


def test_what_columns_add_is_summed_by_feature() -> None:
    several = Encoder(OPEN, [OneHotStep("c"), NumberStep("n"), DatetimeStep("t", ("hour", "year")), CodesStep("m")])
    values = np.arange(14, dtype=np.float64).reshape(2, 7)
    assert several.by_feature(values).tolist() == [[3.0, 3.0, 9.0, 6.0], [24.0, 10.0, 23.0, 13.0]]
    same = np.ones((2, 4))
    assert ENCODER.by_feature(same) is same


@pytest.mark.parametrize("parts", ["[]", '["year", "year"]', '["century"]', '["Year"]'])
def test_impossible_parts_of_a_moment_are_refused(parts: str) -> None:
    schema = FeatureSchema(features=(Feature(name="t", kind=FeatureKind.DATETIME),))
    steps = f'{{"steps": [{{"kind": "datetime", "feature": "t", "parts": {parts}}}]}}'
    with pytest.raises(FormatError, match=r"^encoder\.json: "):
        Encoder.from_json(schema, steps.encode())


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_one_column_a_feature_has_the_codes_and_the_order_of_the_cells(encoding: Encoding) -> None:
    cells = open_table(t=np.array([1e9, -1e9, np.nan]), m=texts("z", "z", None))
    encoder = Encoder.fit(OPEN, cells, encodings=dict.fromkeys("cm", encoding))
    c, n, t, m = encoder.one_a_feature(encoder.encode_table(cells).matrix)
    np.testing.assert_array_equal(c, [0, 2, 1])
    np.testing.assert_array_equal(n, [1, 1, 1])
    np.testing.assert_array_equal(m, [0, 0, np.nan])
    assert t[0] > 0 > t[1]
    assert np.isnan(t[2])


@given(st.lists(seconds, min_size=2, max_size=10))
def test_moments_keep_their_order_by_the_minute(numbers: list[int]) -> None:
    schema = FeatureSchema(features=(Feature(name="t", kind=FeatureKind.DATETIME),))
    encoder = Encoder.fit(schema, {})
    ordered = np.array(sorted(numbers), np.float64)
    (found,) = encoder.one_a_feature(encoder.encode_table({"t": ordered}).matrix)
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize(
    ("parts", "told"), [(("hour",), [0, 0]), (("year", "month", "day"), [32, 64]), (("year", "minute"), [0, 0])]
)
def test_a_moment_without_some_parts_is_ordered_by_those_that_there_are(
    parts: tuple[str, ...], told: list[float]
) -> None:
    schema = FeatureSchema(features=(Feature(name="t", kind=FeatureKind.DATETIME),))
    encoder = Encoder(schema, [DatetimeStep("t", parts)])
    matrix = encoder.encode_table({"t": np.array([0.0, 32 * 86_400.0])}).matrix
    np.testing.assert_array_equal(encoder.one_a_feature(matrix)[0], told)
