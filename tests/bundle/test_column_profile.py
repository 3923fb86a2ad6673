"""What a pass over a column sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle import column_profile
from mlapi.bundle.cells import FLOAT32_OVERFLOW
from mlapi.bundle.column_profile import ColumnKind, NumberProfiler, TextProfiler, profile_column
from mlapi.bundle.errors import SchemaError
from mlapi.bundle.types import Cells
from tests.fixtures.strategies import finite, texts


def number(*cells: float | None) -> Cells:
    return np.array(cells, np.float64)


def text(*cells: str | None) -> Cells:
    return np.array(cells, np.object_)


def test_a_number_column_is_counted_and_measured() -> None:
    profile = profile_column("x", number(3, None, 1, 1, 8.5))
    assert (profile.name, profile.kind) == ("x", ColumnKind.NUMBER)
    assert (profile.n_rows, profile.n_missing, profile.distinct) == (5, 1, 3)
    assert (profile.minimum, profile.median, profile.maximum) == (1.0, 1.0, 8.5)
    assert not profile.integral
    assert not profile.has_infinity
    assert profile.levels == {}


def test_whole_numbers_have_levels_by_their_decimals() -> None:
    profile = profile_column("x", number(10, 2, 10, -0.0, 0.0))
    assert profile.integral
    assert profile.levels == {"0": 2, "2": 1, "10": 2}


def test_booleans_are_numbers_with_a_kind_of_their_own() -> None:
    profile = profile_column("x", number(0, 1, None), ColumnKind.BOOLEAN)
    assert profile.kind is ColumnKind.BOOLEAN
    assert profile.median == 0.0
    assert profile.levels == {"0": 1, "1": 1}


def test_a_text_column_is_counted_by_level_in_sorted_order() -> None:
    profile = profile_column("x", text("b", None, "a", "b"))
    assert profile.kind is ColumnKind.TEXT
    assert (profile.n_rows, profile.n_missing, profile.distinct) == (4, 1, 2)
    assert list(profile.levels.items()) == [("a", 1), ("b", 2)]
    assert profile.minimum is profile.maximum is profile.median is None
    assert not profile.integral


@pytest.mark.parametrize("cells", [number(), text(), number(None, None), text(None)], ids=repr)
def test_a_column_without_values_has_none(cells: Cells) -> None:
    profile = profile_column("x", cells)
    assert profile.n_missing == profile.n_rows == len(cells)
    assert profile.distinct == 0
    assert profile.minimum is profile.maximum is profile.median is None


@pytest.mark.parametrize("bad", [np.inf, -np.inf, 1e39, FLOAT32_OVERFLOW])
def test_numbers_that_float32_makes_infinite_are_told_and_not_measured(bad: float) -> None:
    profile = profile_column("x", number(1, bad, None))
    assert profile.has_infinity
    assert profile.n_missing == 1
    assert profile.minimum == profile.maximum == 1.0


def test_a_cell_that_is_neither_text_nor_none_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"'x'.*neither text nor missing"):
        profile_column("x", np.array(["a", float("nan")], np.object_))


def test_of_two_medians_the_lower_is_taken_so_that_it_occurs() -> None:
    assert profile_column("x", number(4, 1, 3, 2)).median == 2.0


@pytest.mark.parametrize(
    ("cell", "median"), [(0.1, 0.1), (16777217.0, 16777216.0), (-1e-60, 0.0), (-0.0, 0.0), (1e-45, 1e-45)]
)
def test_the_median_is_the_shortest_decimal_of_its_float32(cell: float, median: float) -> None:
    found = profile_column("x", number(cell)).median
    assert str(found) == str(median)
    assert np.float32(found) == np.float32(cell)


def test_negative_zero_leaves_no_trace() -> None:
    profile = profile_column("x", number(-0.0))
    assert [str(value) for value in (profile.minimum, profile.maximum, profile.median)] == ["0.0"] * 3


@given(st.lists(finite | st.none()), st.integers(0, 20))
def test_numbers_in_pieces_give_the_same_profile(cells: list[float | None], cut: int) -> None:
    profiler = NumberProfiler("x")
    profiler.add(np.array(cells[:cut], np.float64))
    profiler.add(np.array(cells[cut:], np.float64))
    assert profiler.profile() == profile_column("x", np.array(cells, np.float64))


@given(st.lists(texts | st.none()), st.integers(0, 20))
def test_texts_in_pieces_give_the_same_profile(cells: list[str | None], cut: int) -> None:
    profiler = TextProfiler("x")
    profiler.add(np.array(cells[:cut], np.object_))
    profiler.add(np.array(cells[cut:], np.object_))
    assert profiler.profile() == profile_column("x", np.array(cells, np.object_))


def test_distinct_values_are_told_apart_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_profile, "MAX_LEVELS", 3)
    for cells, few in ((number(1, 2, 3, 4, 5), number(1, 2, 3)), (text(*"abcde"), text(*"abc"))):
        profiler = NumberProfiler("x") if cells.dtype == np.float64 else TextProfiler("x")
        profiler.add(cells)  # type: ignore[arg-type]  # each profiler has its own kind of cells
        profiler.add(cells)  # type: ignore[arg-type]  # likewise
        profile = profiler.profile()
        assert profile.distinct == 4
        assert profile.levels == {}
        assert profile.n_rows == 10
        assert len(profile_column("x", few).levels) == 3
