"""The shortest decimal that reads back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlapi.bundle.decimals import shortest


def bits(array: NDArray[np.floating]) -> list[int]:
    return array.astype(np.float32).view(np.int32).ravel().tolist()


ALL_FLOATS = st.integers(0, int(np.float32(1.0).view(np.int32))).map(lambda pattern: np.int32(pattern).view(np.float32))


@given(st.lists(ALL_FLOATS, min_size=1, max_size=80))
def test_shortest_is_the_shortest_decimal_that_reads_back(numbers: list[np.float32]) -> None:
    found = shortest(np.array(numbers, np.float32)[:, None])
    assert found == [[float(str(number))] for number in numbers]
    assert bits(np.array(found)) == bits(np.array(numbers))


def test_shortest_agrees_with_numpys_spelling_on_many_numbers() -> None:
    rng = np.random.default_rng(5)
    patterns = rng.integers(0, int(np.float32(1.0).view(np.int32)), 30_000, np.int32).view(np.float32)
    powers = (2.0 ** -np.arange(150.0)).astype(np.float32)
    numbers = np.concatenate(
        [patterns, rng.random(30_000, np.float32), np.arange(1001, dtype=np.float32) / 1000, powers]
    )
    assert shortest(numbers[:, None]) == [[float(str(number))] for number in numbers]


def test_shortest_of_no_rows_is_empty() -> None:
    assert shortest(np.empty((0, 2), np.float32)) == []
