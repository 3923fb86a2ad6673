"""The wrapper that asks again: the contract over a directory, and each method with a store that fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlapi.bundle.errors import ModelNotFound, StoreUnavailable
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.protocol import Store
from mlapi.bundle.store.retrying import RetryingStore
from tests.bundle.store.contract import StoreContract, write_bundle
from tests.fixtures.zygote import Place


class TestRetryingDirectoryStore(StoreContract):
    promotions = (1, 1)  # the processes use the directory without the wrapper
    kills = (2, 2)

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Place:
        return {"address": "file:store", "state_dir": str(tmp_path_factory.mktemp("state")), "tracking_uri": None}

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, place: Place) -> Store:
        return RetryingStore(DirectoryStore(Path(place["state_dir"], "store")))


class Unsteady:
    """A directory store whose every method fails some times before it works; counts the calls."""

    description = "unsteady"

    def __init__(self, store: DirectoryStore, failures: int) -> None:
        self._store = store
        self._failures = failures
        self.calls = 0

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls <= self._failures:
                raise StoreUnavailable("unsteady", f"failure {self.calls}")
            return getattr(self._store, method)(*arguments, **named)

        return ask


REPEATED: dict[str, Callable[[Store, Path], object]] = {
    "models": lambda store, folder: store.models(),
    "versions": lambda store, folder: store.versions("m"),
    "version": lambda store, folder: store.version("m", "1"),
    "add": lambda store, folder: store.add("m", folder / "bundle", version="1", tags={"a": "b"}),
    "fetch": lambda store, folder: store.fetch("m", "1", folder / "out"),
    "resolve": lambda store, folder: store.resolve("m", "production"),
    "history": lambda store, folder: store.history("m", "production"),
}


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryStore:
    store = DirectoryStore(tmp_path / "store")
    store.add("m", write_bundle(tmp_path).rename(tmp_path / "bundle"))
    store.promote("m", "production", "1", by="ada")
    return store


@pytest.mark.parametrize("method", REPEATED)
def test_each_question_is_repeated_until_it_is_answered(method: str, directory: DirectoryStore, tmp_path: Path) -> None:
    waits: list[float] = []
    unsteady = Unsteady(directory, failures=3)
    store = RetryingStore(unsteady, sleep=waits.append)
    assert REPEATED[method](store, tmp_path) == REPEATED[method](directory, tmp_path)
    assert (unsteady.calls, len(waits)) == (4, 3)


@pytest.mark.parametrize("method", REPEATED)
def test_the_last_failure_is_told(method: str, directory: DirectoryStore, tmp_path: Path) -> None:
    unsteady = Unsteady(directory, failures=9)
    store = RetryingStore(unsteady, attempts=3, sleep=lambda wait_s: None)
    with pytest.raises(StoreUnavailable, match="failure 3"):
        REPEATED[method](store, tmp_path)
    assert unsteady.calls == 3


def test_a_promotion_is_asked_for_once(directory: DirectoryStore) -> None:
    unsteady = Unsteady(directory, failures=1)
    store = RetryingStore(unsteady)
    with pytest.raises(StoreUnavailable):
        store.promote("m", "production", "1", by="ada")
    assert unsteady.calls == 1


def test_an_answer_that_is_no_failure_to_answer_is_not_asked_for_again(directory: DirectoryStore) -> None:
    unsteady = Unsteady(directory, failures=0)
    with pytest.raises(ModelNotFound):
        RetryingStore(unsteady).version("m", "2")
    assert unsteady.calls == 1


def test_waits_double_up_to_the_cap_with_full_jitter(directory: DirectoryStore) -> None:
    bounds: list[tuple[float, float]] = []
    waits: list[float] = []

    def uniform(low: float, high: float) -> float:
        bounds.append((low, high))
        return high / 2

    store = RetryingStore(
        Unsteady(directory, failures=5),
        attempts=6,
        base_s=1,
        cap_s=5,
        sleep=waits.append,
        uniform=uniform,
    )
    store.models()
    assert bounds == [(0, 1), (0, 2), (0, 4), (0, 5), (0, 5)]
    assert waits == [0.5, 1, 2, 2.5, 2.5]


def test_the_description_is_the_wrapped_stores(directory: DirectoryStore) -> None:
    assert RetryingStore(directory).description == directory.description
