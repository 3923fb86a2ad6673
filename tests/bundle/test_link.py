"""Sigmoid and softmax against XGBoost's own, over margins that no small model gives."""

import os
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from mlapi.bundle import link
from mlapi.bundle.link import choose, decide, pair, probabilities, sigmoid, softmax
from mlapi.bundle.types import Label, Margin

N_RANDOM = 4_000_000 if os.environ.get("MLAPI_PROVE") else 200_000


def bits(array: NDArray[np.floating]) -> list[int]:
    return array.astype(np.float32).view(np.int32).ravel().tolist()


@pytest.fixture(scope="module")
def xgboosts_own() -> Callable[[Margin], Margin]:
    """XGBoost's transformation of any margin: a booster of one round that adds nothing to a given base margin."""
    import xgboost

    def transform(margin: Margin) -> Margin:
        n_groups = margin.shape[1]
        objective = (
            {"objective": "multi:softprob", "num_class": n_groups} if n_groups > 1 else {"objective": "binary:logistic"}
        )
        data = xgboost.DMatrix(np.zeros((len(margin), 1), np.float32), np.arange(len(margin)) % 2, base_margin=margin)
        booster = xgboost.train({**objective, "eta": 0.0, "max_depth": 1}, data, 1)
        return np.asarray(booster.predict(data).reshape(len(margin), -1), np.float32)

    return transform


def test_sigmoid_is_xgboosts_over_the_whole_range(xgboosts_own: Callable[[Margin], Margin]) -> None:
    edges = np.array([0.0, -0.0, 88.7, -88.7, 88.8, -88.8, 1e-30, 3e38, -3e38, 16.6, 17.4], np.float32)
    spread = np.random.default_rng(3).normal(scale=20, size=20_000).astype(np.float32)
    margin = np.concatenate([edges, spread])[:, None]
    assert bits(sigmoid(margin[:, 0])) == bits(xgboosts_own(margin))
    assert bits(probabilities(margin, 2)[:, 1]) == bits(xgboosts_own(margin))


@pytest.mark.parametrize("n_classes", [3, 9, 40])
def test_softmax_is_xgboosts_over_the_whole_range(n_classes: int, xgboosts_own: Callable[[Margin], Margin]) -> None:
    margin = np.random.default_rng(4).normal(scale=8, size=(3_000, n_classes)).astype(np.float32)
    margin[0], margin[1] = 0.0, np.linspace(-1e30, 1e30, n_classes)
    assert bits(softmax(margin)) == bits(xgboosts_own(margin))
    assert bits(probabilities(margin, n_classes)) == bits(xgboosts_own(margin))


def any_margins(n_groups: int) -> Margin:
    """Random bits, so that every exponent occurs, less what no tree gives: infinities and NaN."""
    rng = np.random.default_rng(5)
    margin = rng.integers(0, 2**32, N_RANDOM // n_groups * n_groups, np.uint32).view(np.float32)
    margin[~np.isfinite(margin)] = 0.25
    margin[::2] = rng.normal(scale=12, size=len(margin[::2]))
    return margin.reshape(-1, n_groups)


def test_the_extensions_sigmoid_is_ours_on_any_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    margin = any_margins(1)
    found = probabilities(margin, 2)
    monkeypatch.setattr(link, "native_extension", lambda: None)
    assert np.array_equal(found.view(np.int32), probabilities(margin, 2).view(np.int32))


@pytest.mark.parametrize("n_classes", [3, 26])
def test_the_extensions_softmax_is_ours_on_any_margin(n_classes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    margin = any_margins(n_classes)
    with np.errstate(over="ignore"):  # the distance of the least from the greatest margin may be beyond float32
        found = probabilities(margin, n_classes)
        monkeypatch.setattr(link, "native_extension", lambda: None)
        assert np.array_equal(found.view(np.int32), probabilities(margin, n_classes).view(np.int32))


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7, 1.0])
def test_labels_are_the_same_with_and_without_the_extension(threshold: float, monkeypatch: pytest.MonkeyPatch) -> None:
    two = pair(np.array([0.0, 0.3, 0.7, np.nextafter(np.float32(0.7), np.float32(0)), 1.0], np.float32))
    many = np.array([[0.2, 0.4, 0.4], [0.5, 0.5, 0.0], [0.1, 0.1, 0.8]], np.float32)
    found = choose(two, ("no", 7), threshold), choose(many, (True, 3, "c"), threshold)
    monkeypatch.setattr(link, "native_extension", lambda: None)
    assert found == (choose(two, ("no", 7), threshold), choose(many, (True, 3, "c"), threshold))
    assert found[1] == [3, True, "c"]


@pytest.mark.parametrize("classes", [("no", "yes"), (False, True), (3, 1, 2), tuple("abcdefghij")])
@pytest.mark.parametrize("with_extension", [True, False])
@pytest.mark.parametrize("n_rows", [0, 1, 1000])
def test_deciding_is_both_steps(
    classes: tuple[Label, ...], with_extension: bool, n_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not with_extension:
        monkeypatch.setattr(link, "native_extension", lambda: None)
    n_groups = len(classes) if len(classes) > 2 else 1
    # Columns of a wider array: not contiguous.
    margin = np.random.default_rng(7).normal(scale=3, size=(n_rows, n_groups + 1)).astype(np.float32)[:, :n_groups]
    for threshold in (0.0, 0.3, 0.7, 1.0):
        given, labels = decide(margin, classes, threshold)
        expected = probabilities(margin, len(classes))
        assert np.array_equal(given.view(np.int32), expected.view(np.int32))
        assert labels == choose(expected, classes, threshold)
        assert all(label in classes and type(label) is type(classes[0]) for label in labels)


def test_the_extension_refuses_arrays_of_another_shape_or_dtype() -> None:
    extension = pytest.importorskip("mlapi.bundle._trees")
    for margin, answer in [
        (np.zeros((3, 1), np.float32), np.zeros((2, 2), np.float32)),
        (np.zeros((3, 1), np.float32), np.zeros((3, 1), np.float32)),
        (np.zeros((3, 4), np.float32), np.zeros((3, 2), np.float32)),
        (np.zeros((3, 1)), np.zeros((3, 2), np.float32)),
        (np.zeros(3, np.float32), np.zeros((3, 2), np.float32)),
        (np.zeros((3, 0), np.float32), np.zeros((3, 0), np.float32)),
    ]:
        with pytest.raises(ValueError, match="another shape or dtype"):
            extension.probabilities(margin, answer)
        with pytest.raises(ValueError, match="another shape or dtype"):
            extension.decide(margin, answer, ("a", "b"), 0.5)
    with pytest.raises(ValueError, match="another shape or dtype"):
        extension.decide(np.zeros((3, 1), np.float32), np.zeros((3, 2), np.float32), ("a", "b", "c"), 0.5)
    for wrong in [(["a", "b"], 0.5), (("a", "b"), "0.5"), (("a", "b"),)]:
        with pytest.raises(TypeError):
            extension.decide(np.zeros((3, 1), np.float32), np.zeros((3, 2), np.float32), *wrong)
    with pytest.raises(ValueError, match="another shape or dtype"):
        extension.labels(np.zeros((3, 2), np.float32), ("a", "b", "c"), 0.5)
    with pytest.raises(ValueError, match="another shape or dtype"):
        extension.labels(np.zeros((3, 0), np.float32), (), 0.5)
