"""Rows shared between cores: every row once, whoever else is at work."""

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mlapi.bundle import cores
from mlapi.bundle.cores import share_rows


class Walk:
    """Doubles rows and notes how many it got, and in which thread."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def __call__(self, rows: NDArray[Any], answers: NDArray[Any]) -> None:
        self.calls.append((len(rows), threading.get_ident()))
        answers[:] = 2 * rows


def run(n_rows: int, least: int = 10) -> Walk:
    walk, rows = Walk(), np.arange(n_rows)
    answers = np.zeros_like(rows)
    share_rows(walk, rows, answers, least)
    assert answers.tolist() == (2 * rows).tolist()
    return walk


@pytest.fixture(autouse=True)
def three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "own_cores", lambda: 3)


@pytest.mark.parametrize(
    ("n_rows", "sizes"), [(0, [0]), (1, [1]), (19, [19]), (20, [10, 10]), (29, [14, 15]), (100, [33, 33, 34])]
)
def test_each_part_is_worth_a_thread(n_rows: int, sizes: list[int]) -> None:
    assert sorted(size for size, _ in run(n_rows).calls) == sizes


def test_few_rows_stay_in_the_callers_thread() -> None:
    assert run(19).calls == [(19, threading.get_ident())]


def test_a_batch_that_comes_while_another_has_the_cores_is_walked_by_its_own_thread() -> None:
    with cores._cores:
        assert run(100).calls == [(100, threading.get_ident())]
    assert len(run(100).calls) == 3


def test_an_error_of_a_part_is_the_callers_and_gives_the_cores_back() -> None:
    def fail(rows: NDArray[Any], answers: NDArray[Any]) -> None:
        raise MemoryError("short")

    for _ in range(2):
        with pytest.raises(MemoryError, match="short"):
            share_rows(fail, np.arange(100), np.arange(100), 10)
    assert len(run(100).calls) == 3
