"""Stratified split: every row once, every class everywhere, the same rows for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.training.errors import TargetError
from mlapi.training.labels import Labels
from mlapi.training.split import group_split, stratified_split, time_split


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


GROUPS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2)), min_size=6, max_size=40)


@given(groups=GROUPS, seed=st.integers(0, 9))
def test_no_group_is_cut_and_every_part_has_rows(groups: list[tuple[int, int]], seed: int) -> None:
    sizes = [size for size, _ in groups]
    number = np.repeat(np.arange(len(groups)), sizes)
    labels = Labels(("a", "b"), np.random.default_rng(0).integers(0, 2, len(number)).astype(np.int32))
    try:
        split = group_split("y", labels, number, test=0.2, validation=0.2, seed=seed)
    except TargetError as error:
        assert "is in none of the" in str(error)
        return
    parts = (split.train, split.validation, split.test)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(number)))
    owners = [set(number[part]) for part in parts]
    assert all(owners)
    assert sum(map(len, owners)) == len(groups)


def test_groups_come_near_the_shares_of_every_class() -> None:
    random = np.random.default_rng(1)
    number = np.repeat(np.arange(300), random.integers(1, 8, 300))
    labels = Labels(("a", "b"), (random.random(len(number)) < 0.2).astype(np.int32))
    split = group_split("y", labels, number, test=0.2, validation=0.15, seed=0)
    for part, share in ((split.train, 0.65), (split.validation, 0.15), (split.test, 0.2)):
        for code in (0, 1):
            own = (labels.codes[part] == code).sum() / (labels.codes == code).sum()
            assert own == pytest.approx(share, abs=0.02)


@given(st.lists(st.integers(0, 12), min_size=4, max_size=60))
def test_equal_times_are_not_cut_apart_and_the_test_is_the_latest(times: list[int]) -> None:
    moments = np.array(times, np.float64)
    labels = Labels(("a",), np.zeros(len(times), np.int32))
    if len(set(times)) < 3:
        with pytest.raises(TargetError, match="needs 3 different ones"):
            time_split("y", labels, moments, test=0.2, validation=0.2)
        return
    split = time_split("y", labels, moments, test=0.2, validation=0.2)
    parts = (split.train, split.validation, split.test)
    assert all(map(len, parts))
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(times)))
    assert moments[split.train].max() < moments[split.validation].min()
    assert moments[split.validation].max() < moments[split.test].min()


def test_times_that_all_differ_are_cut_at_the_shares() -> None:
    labels = Labels(("a",), np.zeros(100, np.int32))
    split = time_split("y", labels, np.arange(100.0)[::-1], test=0.2, validation=0.15)
    assert (len(split.train), len(split.validation), len(split.test)) == (65, 15, 20)
    beside = time_split("y", labels, np.arange(100.0), test=0.0, validation=0.15)
    assert (len(beside.train), len(beside.validation), len(beside.test)) == (85, 15, 0)


def test_too_few_groups_and_a_class_that_comes_too_late_are_told() -> None:
    labels = Labels(("a", "b"), np.array([0, 0, 0, 0, 0, 1], np.int32))
    with pytest.raises(TargetError, match="of 2 groups; the split needs 3"):
        group_split("y", labels, np.array([0, 0, 0, 1, 1, 1]), test=0.2, validation=0.2, seed=0)
    with pytest.raises(TargetError, match="class 'b' is in none of the 4 rows that train"):
        time_split("y", labels, np.arange(6.0), test=0.2, validation=0.2)
