"""The shortest decimal that reads back."""

import os

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlapi.bundle import decimals
from mlapi.bundle.decimals import json_rows, shortest


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


def edges() -> NDArray[np.float32]:
    """Powers of two and of ten with their neighbours, and decimals that people write."""
    tens = (10.0 ** -np.arange(40.0)).astype(np.float32)
    powers = np.concatenate([tens, (2.0 ** -np.arange(150.0)).astype(np.float32)])
    up, down = np.nextafter(powers, np.float32(1)), np.nextafter(powers, np.float32(0))
    return np.concatenate([powers, up, down, np.arange(10_001, dtype=np.float32) / 10_000])


@pytest.mark.parametrize("n_classes", [2, 26])
def test_json_is_that_of_the_shortest_decimals(n_classes: int) -> None:
    n_random = 5_000_000 if os.environ.get("MLAPI_PROVE") else 100_000
    rng = np.random.default_rng(6)
    patterns = rng.integers(0, int(np.float32(1.0).view(np.int32)) + 1, n_random, np.int32).view(np.float32)
    numbers = np.concatenate([edges(), patterns, rng.random(n_random, np.float32)])
    rows = numbers[: len(numbers) // n_classes * n_classes].reshape(-1, n_classes)
    names = [f'n"{number}é' for number in range(n_classes)]
    expected = msgspec.json.encode([dict(zip(names, row, strict=True)) for row in shortest(rows)])
    assert json_rows(rows, names) == expected


def test_json_is_the_same_without_the_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = edges()[:600].reshape(-1, 3)
    found = json_rows(rows, "abc")
    monkeypatch.setattr(decimals, "native_extension", lambda: None)
    assert found == json_rows(rows, "abc")


def test_the_extension_refuses_what_it_cannot_write() -> None:
    extension = pytest.importorskip("mlapi.bundle._trees")
    keys = (b'"a":', b'"b":')
    for rows in (np.zeros((2, 3), np.float32), np.zeros((2, 2)), np.zeros((0, 2), np.float32), np.zeros(2, np.float32)):
        with pytest.raises(ValueError, match="another shape or dtype"):
            extension.json_rows(rows, keys, str)
    half = np.full((1, 2), 0.5, np.float32)
    with pytest.raises(ValueError, match="too long"):
        extension.json_rows(half, keys, lambda number: b"0" * 25)
    with pytest.raises(TypeError):
        extension.json_rows(half, keys, str)
    with pytest.raises(ZeroDivisionError):
        extension.json_rows(half, keys, lambda number: 1 / 0)
    with pytest.raises(TypeError):
        extension.json_rows(half, ("a", "b"), str)
