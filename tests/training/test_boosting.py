"""What the shipped booster tells of itself."""

from __future__ import annotations

import pytest

from mlapi.training.booster_params import BoosterParams
from mlapi.training.boosting import Boosted
from mlapi.training.trainer import Search
from tests.training.test_trainer import fold, trainer


def test_the_columns_of_one_feature_share_its_importance() -> None:
    kind, params = trainer(), BoosterParams()
    boosted = Boosted(kind, params, Search(5, 0.5), kind.fit(params, fold(300, 1), 5), 5)
    alone, together = boosted.importance(("a", "b", "c")), boosted.importance(("a", "b", "a"))
    assert sum(alone.values()) == pytest.approx(1)
    assert together == {"a": pytest.approx(alone["a"] + alone["c"]), "b": alone["b"]}
