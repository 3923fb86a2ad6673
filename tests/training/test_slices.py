"""Parts of the test rows: which there are, and their figures."""

from collections.abc import Sequence

import numpy as np
import pytest

from mlapi.bundle.decision import Decision
from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column
from mlapi.training.dataset import Dataset
from mlapi.training.errors import ConfigError
from mlapi.training.evaluation import ModelEvaluator
from mlapi.training.labels import Labels
from mlapi.training.slices import parts, slices


def text(cells: Sequence[str | None]) -> Column:
    return Column("plan", ColumnKind.TEXT, np.array(cells, dtype=np.object_))


def number(cells: list[float]) -> Column:
    return Column("age", ColumnKind.NUMBER, np.array(cells))


def found(column: Column) -> dict[str, int]:
    return {name: len(rows) for name, rows in parts(column)}


def test_categories_are_parts_the_commonest_first_and_missing_cells_apart() -> None:
    cells = ["team"] * 30 + ["free"] * 40 + [None] * 20 + ["missing"] * 10
    assert list(found(text(cells)).items()) == [("free", 40), ("team", 30), ("missing", 10), ("(missing)", 20)]


def test_rare_categories_are_put_together() -> None:
    cells = [f"c{place:02}" for place in range(12) for _ in range(20)] + [f"r{place}" for place in range(15)]
    assert found(text(cells)) == {**{f"c{place:02}": 20 for place in range(12)}, "(all others)": 15}


def test_a_number_is_cut_into_quarters_at_values_that_occur() -> None:
    cells = [float(value) for value in range(1, 101)] + [np.nan] * 10
    assert found(number(cells)) == {"up to 25": 25, "25 to 50": 25, "50 to 75": 25, "over 75": 25, "(missing)": 10}


def test_a_number_of_few_values_is_cut_into_them() -> None:
    assert found(number([0.0] * 20 + [1.5] * 10)) == {"0": 20, "1.5": 10}


def test_a_boolean_is_cut_in_two() -> None:
    assert found(Column("is", ColumnKind.BOOLEAN, np.array([1.0] * 20 + [0.0] * 10))) == {"true": 20, "false": 10}


def test_a_part_of_few_rows_tells_nothing() -> None:
    assert found(text(["a"] * 20 + ["b"] * 9)) == {"a": 20}


def table() -> Dataset:
    codes = np.tile([0, 1], 20).astype(np.int32)
    return Dataset("t.csv", "y", (text(["a"] * 20 + ["b"] * 20),), Labels(("no", "yes"), codes))


def test_each_part_gets_the_figures_of_its_rows() -> None:
    data = table()
    second = np.where(np.arange(40) < 20, data.labels.codes * 0.8 + 0.1, 0.3).astype(np.float32)
    probabilities = np.stack([1 - second, second], axis=1)
    evaluator = ModelEvaluator(Decision(classes=("no", "yes")), bootstrap=20)
    first, other = slices(data, ["plan"], evaluator, probabilities)
    assert (first.feature, first.group, first.figures.n_rows) == ("plan", "a", 20)
    assert (first.figures.metrics["accuracy"], other.figures.metrics["accuracy"]) == (1.0, 0.5)
    weighed = slices(data, ["plan"], evaluator, probabilities, np.where(data.labels.codes == 0, 3.0, 1.0))
    assert weighed[1].figures.metrics["accuracy"] == 0.75


def test_a_column_that_is_not_there_is_named() -> None:
    evaluator = ModelEvaluator(Decision(classes=("no", "yes")), bootstrap=20)
    with pytest.raises(ConfigError, match=r"--slice: t.csv has no column 'plam'; did you mean 'plan'\?"):
        slices(table(), ["plam"], evaluator, np.full((40, 2), 0.5, dtype=np.float32))


def test_dates_are_cut_into_quarters_that_are_spelled() -> None:
    days = Column("day", ColumnKind.DATETIME, np.arange(80.0) * 86_400)
    assert next(iter(found(days))) == "up to 1970-01-20T00:00:00Z"
    assert sum(found(days).values()) == 80
