"""Which engine walks the trees."""

import pytest

from mlapi.bundle.trees import load_engine
from tests.fixtures.boosters import train


def test_load_engine_says_which_engine_it_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "mlapi.bundle.trees"):
        engine = load_engine(train(4).model)
    assert (engine.name, engine.n_columns, engine.n_groups) == ("libxgboost", 5, 4)
    assert caplog.messages == ["tree engine libxgboost: 5 columns, 4 groups"]
