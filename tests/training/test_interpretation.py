"""What cells are, as they look or as somebody says."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.moments import seconds_of
from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.schema import FeatureKind
from mlapi.training.columns import Column, text_column
from mlapi.training.errors import ColumnError
from mlapi.training.interpretation import as_column, lost_cells, mixture


def column(*texts: str, kind: FeatureKind | None = None) -> Column:
    return as_column(text_column("x", pa.array(texts)), kind)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-3e38, max_value=3e38))
def test_a_number_is_the_float64_that_python_reads_from_the_same_digits(number: float) -> None:
    assert column(repr(number)).cells.tolist() == [number]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**38), max_value=10**38))
def test_long_decimals_are_rounded_correctly(number: object) -> None:
    assert column(str(number)).cells.tolist() == [float(str(number))]


@pytest.mark.parametrize("text", ["1", "+1", "-1", " 1 ", "1.", ".5", "1e5", "1E-5", "007", "1e-400"])
def test_spellings_of_numbers(text: str) -> None:
    found = column(text)
    assert found.kind is ColumnKind.NUMBER
    assert found.cells.tolist() == [float(text)]


@pytest.mark.parametrize("text", ["0x10", "1_000", "1,0", "nan", "NaN", "1d", "--1", "1e", "e1", ".", "five", "१"])
def test_what_is_no_number_is_text(text: str) -> None:
    assert column(text).kind is ColumnKind.TEXT


def test_missing_marks_leave_a_number_column_a_number_column() -> None:
    found = column("1", "?", "NA", "", " ", "2.5")
    assert found.kind is ColumnKind.NUMBER
    assert [None if math.isnan(cell) else cell for cell in found.cells.tolist()] == [1.0, None, None, None, None, 2.5]


def test_nulls_of_arrow_are_missing() -> None:
    found = as_column(text_column("x", pa.chunked_array([["a", None], ["b"]])))
    assert found.cells.tolist() == ["a", None, "b"]


def test_true_and_false_in_any_case_are_booleans() -> None:
    found = column("true", "False", "TRUE", "?")
    assert found.kind is ColumnKind.BOOLEAN
    assert found.cells.tolist()[:3] == [1.0, 0.0, 1.0]
    assert math.isnan(found.cells[3])


@pytest.mark.parametrize("texts", [("yes", "no"), ("t", "f"), ("true", "false", "maybe")], ids=str)
def test_other_pairs_are_categories(texts: tuple[str, ...]) -> None:
    assert column(*texts).kind is ColumnKind.TEXT


def test_zero_and_one_are_numbers() -> None:
    assert column("0", "1").kind is ColumnKind.NUMBER


def test_a_column_without_any_cell_is_all_missing() -> None:
    found = column("", "?")
    assert np.isnan(found.cells.astype(np.float64)).all()


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e400"])
def test_infinity_names_the_column_and_the_row(text: str) -> None:
    with pytest.raises(ColumnError, match=r"column 'x': inf in row 2;"):
        column("1", text)


def test_a_number_beyond_float32_is_refused() -> None:
    with pytest.raises(ColumnError, match=r"a number beyond float32 in row 1 and 1 more"):
        column("1e39", "-1e39")


def test_a_few_stray_texts_among_numbers_are_named_with_their_counts() -> None:
    with pytest.raises(ColumnError) as caught:
        column(*map(str, range(97)), "abc", "abc", "5 apples")
    assert str(caught.value).startswith("column 'x': numbers, but for 3 cells of text: 'abc' (2), '5 apples' (1);")
    assert "--schema" in str(caught.value)


def test_at_most_five_stray_texts_are_named() -> None:
    with pytest.raises(ColumnError, match=r"'s4' \(1\) and 2 more;"):
        column(*map(str, range(993)), *(f"s{number}" for number in range(7)))


def test_more_than_one_in_twenty_texts_make_categories() -> None:
    assert column(*map(str, range(18)), "more", "more").kind is ColumnKind.TEXT


def test_categories_that_are_mostly_numbers_are_told() -> None:
    raw = text_column("doors", pa.array(["2", "3", "4", "5more", "?"]))
    assert mixture(raw, as_column(raw)) == "took 'doors' for categories: numbers, but for 1 cell of text: '5more' (1)"


@pytest.mark.parametrize("texts", [("a", "b", "1"), ("1", "2"), ("true", "false"), ("?",)], ids=str)
def test_other_columns_are_nothing_odd(texts: tuple[str, ...]) -> None:
    raw = text_column("x", pa.array(texts))
    assert mixture(raw, as_column(raw)) is None


def test_text_by_its_own_type_is_nothing_odd() -> None:
    raw = text_column("x", pa.array(["1", "2", "b"]), typed=True)
    assert mixture(raw, as_column(raw)) is None


def test_stray_texts_are_missing_where_the_configuration_says_numeric() -> None:
    raw = text_column("x", pa.array(["1", "abc", "?"]))
    found = as_column(raw, FeatureKind.NUMERIC)
    assert found.cells[0] == 1.0
    assert np.isnan(found.cells[1:].astype(np.float64)).all()
    assert lost_cells(raw, found) == 1


def test_other_words_are_missing_where_the_configuration_says_boolean() -> None:
    raw = text_column("x", pa.array(["true", "abc"]))
    assert lost_cells(raw, as_column(raw, FeatureKind.BOOLEAN)) == 1


def test_zero_and_one_are_left_numbers_where_the_configuration_says_boolean() -> None:
    found = column("0", "1", "?", kind=FeatureKind.BOOLEAN)
    assert (found.kind, found.cells.tolist()[:2]) == (ColumnKind.NUMBER, [0.0, 1.0])


def test_numbers_keep_their_spelling_where_the_configuration_says_categorical() -> None:
    assert column("007", "1.50", "?", kind=FeatureKind.CATEGORICAL).cells.tolist() == ["007", "1.50", None]


def test_typed_numbers_become_decimal_text_where_the_configuration_says_categorical() -> None:
    typed = Column("x", ColumnKind.NUMBER, np.array([3.0, 2.5, np.nan]))
    found = as_column(typed, FeatureKind.CATEGORICAL)
    assert found.kind is ColumnKind.TEXT
    assert found.cells.tolist() == ["3", "2.5", None]
    assert lost_cells(typed, found) == 0


def test_control_characters_of_a_cell_are_escaped_in_a_message() -> None:
    with pytest.raises(ColumnError, match=r"'a\\x1b\[31m\\nb' \(1\)"):
        column(*map(str, range(50)), "a\x1b[31m\nb")


DATES = ["2024-01-31", "2024-02-01T09:30:00Z"]


@pytest.mark.parametrize("typed", [False, True], ids=["looked at", "called text by the file"])
def test_dates_are_seconds_whatever_the_file_calls_them(typed: bool) -> None:
    found = as_column(text_column("x", pa.array([*DATES, None, " 2024-01-31 "]), typed=typed))
    assert found.kind is ColumnKind.DATETIME
    seconds = [seconds_of(text) for text in DATES]
    np.testing.assert_array_equal(found.cells.astype(np.float64), [*seconds, np.nan, seconds[0]])


def test_a_few_texts_among_dates_are_told_and_many_make_categories() -> None:
    with pytest.raises(
        ColumnError, match=r"dates, but for 1 cell of text: '2024-02-30' \(1\); .*kind = \"datetime\" reads"
    ):
        column(*DATES * 20, "2024-02-30")
    assert column(*DATES * 5, "2024-02-30", "2024-13-01").kind is ColumnKind.TEXT
    assert column("2024-01-31 or so", "2024-02-01 too").kind is ColumnKind.TEXT


def test_a_person_says_what_dates_are() -> None:
    raw = text_column("x", pa.array([*DATES, "soon"]))
    read = as_column(raw, FeatureKind.DATETIME)
    assert read.kind is ColumnKind.DATETIME
    assert lost_cells(raw, read) == 1
    assert as_column(raw, FeatureKind.CATEGORICAL).cells.tolist() == [*DATES, "soon"]
    moments = Column("x", ColumnKind.DATETIME, np.array([0.0, np.nan]))
    assert as_column(moments, FeatureKind.CATEGORICAL).cells.tolist() == ["1970-01-01T00:00:00Z", None]
