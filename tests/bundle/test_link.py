"""Sigmoid and softmax against XGBoost's own, over margins that no small model gives."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from mlapi.bundle.link import sigmoid, softmax
from mlapi.bundle.types import Margin


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


@pytest.mark.parametrize("n_classes", [3, 9, 40])
def test_softmax_is_xgboosts_over_the_whole_range(n_classes: int, xgboosts_own: Callable[[Margin], Margin]) -> None:
    margin = np.random.default_rng(4).normal(scale=8, size=(3_000, n_classes)).astype(np.float32)
    margin[0], margin[1] = 0.0, np.linspace(-1e30, 1e30, n_classes)
    assert bits(softmax(margin)) == bits(xgboosts_own(margin))
