"""Which engine walks the trees."""

import pytest

from mlapi.bundle.forest import read_forest
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.padding import build_tables
from mlapi.bundle.trees import TreeEngine, load_engine
from tests.fixtures.boosters import train
from tests.fixtures.extension import needs_extension


def engine(*, tables: bool = False, **options: object) -> TreeEngine:
    model = train(4, **options).model
    forest = read_forest(model)
    return load_engine(model, forest, build_tables(order_nodes(forest)) if tables else None)


@needs_extension
@pytest.mark.parametrize(
    ("tables", "booster", "name"),
    [
        pytest.param(True, "gbtree", "native", id="tables"),
        pytest.param(False, "gbtree", "native, node by node", id="no tables"),
        pytest.param(False, "dart", "libxgboost", id="dart"),
    ],
)
def test_load_engine_says_which_engine_it_is(
    tables: bool, booster: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "mlapi.bundle.trees"):
        found = engine(tables=tables, booster=booster)
    assert (found.name, found.n_columns, found.n_groups) == (name, 5, 4)
    assert caplog.messages == [f"tree engine {name}: 5 columns, 4 groups"]


@pytest.mark.usefixtures("no_extension")
def test_without_the_extension_libxgboost_serves_and_the_log_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "mlapi.bundle.trees"):
        assert engine(tables=True).name == "libxgboost"
    [line] = caplog.messages
    assert "the C extension is not built" in line
    assert "docs/troubleshooting.md" in line


@pytest.mark.usefixtures("fresh_extension")
def test_an_operator_can_switch_the_extension_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLAPI_TREE_ENGINE", "libxgboost")
    with caplog.at_level("INFO", "mlapi.bundle.trees"):
        assert engine(tables=True).name == "libxgboost"
    assert caplog.messages == ["tree engine libxgboost: 5 columns, 4 groups (MLAPI_TREE_ENGINE=libxgboost)"]
