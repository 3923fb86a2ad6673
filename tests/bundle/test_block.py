"""Columns under each other; how it serves the encoder is told in test_encoder."""

from __future__ import annotations

import numpy as np
import pytest

from mlapi.bundle.block import beyond_float32, coding_of, stack
from mlapi.bundle.feature import Feature, FeatureKind

KINDS = [FeatureKind.NUMERIC, FeatureKind.INTEGER, FeatureKind.BOOLEAN]


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_taken_as_they_are(kind: FeatureKind) -> None:
    cells = np.array([1.0, np.nan])
    assert coding_of(Feature(name="x", kind=kind))(cells) is cells


def test_categories_become_codes_and_unknown_ones_infinite() -> None:
    code = coding_of(Feature(name="x", kind=FeatureKind.CATEGORICAL, categories=("b", "a")))
    np.testing.assert_array_equal(code(np.array(["a", "b", None, "A"], np.object_)), [1.0, 0.0, np.nan, np.inf])


def test_numbers_for_categories_are_refused_lest_they_pass_for_unknown() -> None:
    code = coding_of(Feature(name="x", kind=FeatureKind.CATEGORICAL, categories=("0", "1")))
    with pytest.raises(TypeError, match="must be objects"):
        code(np.array([0.0, 1.0]))


def test_a_block_is_float64_of_columns_by_rows_and_a_copy() -> None:
    first = np.array([1.0, 2.0])
    block = stack([first, np.array([3, 4], np.int64)])  # type: ignore[list-item]  # safe to convert
    block[0, 0] = 9.0
    assert block.dtype == np.float64
    assert block.tolist() == [[9.0, 2.0], [3.0, 4.0]]
    assert first.tolist() == [1.0, 2.0]


def test_columns_of_unequal_length_are_refused_and_never_repeated() -> None:
    with pytest.raises(ValueError, match="equally many"):
        stack([np.array([1.0, 2.0]), np.array([1.0])])


def test_what_float32_makes_infinite_is_found_by_row() -> None:
    block = np.array([[1.0, 1e39, np.nan], [-np.inf, 3.4e38, np.inf]])
    assert beyond_float32(block) == [(0, 1), (1, 0), (2, 1)]
    assert beyond_float32(np.array([[1.0, np.nan]])) == []
