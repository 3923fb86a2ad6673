"""Stratified split: every row once, every class everywhere, the same rows for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.training.errors import TargetError
from mlapi.training.labels import Labels
from mlapi.training.split import stratified_split


def labels_of(sizes: list[int]) -> Labels:
    codes = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    return Labels(tuple(range(len(sizes))), np.random.default_rng(0).permutation(codes))


SIZES = st.lists(st.integers(3, 40), min_size=2, max_size=5)


@given(sizes=SIZES, test=st.floats(0.01, 0.5), validation=st.floats(0.01, 0.4), seed=st.integers(0, 100))
def test_parts_hold_every_row_once_and_every_class(sizes: list[int], test: float, validation: float, seed: int) -> None:
    labels = labels_of(sizes)
    split = stratified_split("y", labels, test=test, validation=validation, seed=seed)
    parts = (split.train, split.validation, split.test)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(sum(sizes)))
    for part in parts:
        assert set(labels.codes[part]) == set(range(len(sizes)))
        assert np.array_equal(part, np.sort(part))


@given(sizes=SIZES, validation=st.floats(0.01, 0.4))
def test_beside_a_test_file_two_parts_hold_every_row(sizes: list[int], validation: float) -> None:
    labels = labels_of(sizes)
    split = stratified_split("y", labels, test=0.0, validation=validation, seed=1)
    assert len(split.test) == 0
    assert len(split.train) + len(split.validation) == sum(sizes)
    assert set(labels.codes[split.validation]) == set(labels.codes[split.train]) == set(range(len(sizes)))


def test_shares_are_those_of_all_rows() -> None:
    split = stratified_split("y", labels_of([600, 400]), test=0.2, validation=0.15, seed=3)
    assert (len(split.train), len(split.validation), len(split.test)) == (650, 150, 200)


def test_a_seed_fixes_the_rows() -> None:
    labels = labels_of([50, 50])
    first = stratified_split("y", labels, test=0.2, validation=0.2, seed=1)
    again = stratified_split("y", labels, test=0.2, validation=0.2, seed=1)
    other = stratified_split("y", labels, test=0.2, validation=0.2, seed=2)
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test)


@pytest.mark.parametrize(
    ("sizes", "test", "message"),
    [
        ([20, 2], 0.2, "class '1' has 2 rows; the split into train, validation and test needs 3"),
        ([20, 1], 0.0, "class '1' has 1 row; the split into train and validation needs 2"),
        ([20, 1, 2], 0.2, r"class '1' has 1 row \(and 1 more classes have too few\)"),
    ],
    ids=["three parts", "two parts", "several"],
)
def test_a_class_too_small_is_named_with_its_count(sizes: list[int], test: float, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        stratified_split("y", labels_of(sizes), test=test, validation=0.2, seed=1)
