"""Columns that weigh, group and date rows, from a file to the booster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader, Dataset
from mlapi.training.errors import ColumnError, ConfigError, DataError
from mlapi.training.preparation import prepare
from tests.training.tables import write_csv

HEADER = "age,who,day,heavy,y\n"


def rows(n_rows: int = 120) -> str:
    dice = np.random.default_rng(5)
    lines = [
        f"{age},w{row // 4},2024-{row % 12 + 1:02}-01,{row % 3 + 0.5},{'yes' if age > 50 else 'no'}\n"
        for row, age in enumerate(dice.integers(1, 100, n_rows).tolist())
    ]
    return "".join(lines)


def config(folder: Path, text: str = "", **values: Any) -> TrainingConfig:
    return TrainingConfig(data=write_csv(folder, HEADER + (text or rows())), target="y", **values)


def load(folder: Path, text: str = "", **values: Any) -> Dataset:
    return DataLoader(config(folder, text, **values)).load()


def test_group_and_weight_are_no_features_and_a_time_is_one_unless_dropped(tmp_path: Path) -> None:
    data = load(tmp_path, group="who", weight="heavy")
    assert [column.name for column in data.columns] == ["age", "day"]
    assert data.roles.groups is not None
    assert data.roles.groups.tolist()[:5] == [0, 0, 0, 0, 1]
    assert data.roles.weights is not None
    assert data.roles.weights.tolist()[:3] == [0.5, 1.5, 2.5]
    assert "day" in load(tmp_path, time="day").table
    dropped = load(tmp_path, time="day", drop=("day",))
    assert "day" not in dropped.table
    assert dropped.roles.times is not None


def test_roles_follow_the_rows(tmp_path: Path) -> None:
    text = rows() + "5,x,2024-01-01,9,\n" + "6,z,2024-01-01,7,yes\n"
    data = load(tmp_path, text, group="who", weight="heavy")
    assert data.roles.weights is not None
    assert data.roles.weights.tolist()[-1] == 7.0
    taken = data.take(np.array([3, 0]))
    assert taken.roles.weights is not None
    assert taken.roles.weights.tolist() == [0.5, 0.5]


def test_what_a_row_counts_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    plain = load(tmp_path, drop=("heavy", "who", "day")).fingerprint()
    assert load(tmp_path, drop=("who", "day"), weight="heavy").fingerprint() != plain


@pytest.mark.parametrize(
    ("values", "row", "message"),
    [
        ({"weight": "heavy"}, "1,a,2024-01-01,-1,yes", "weights are 0 or more"),
        ({"weight": "heavy"}, "1,a,2024-01-01,,yes", "column 'heavy': lacks 1 cell"),
        ({"weight": "who"}, "1,a,2024-01-01,1,yes", "weights are numbers"),
        ({"weight": "heavy"}, "1,a,2024-01-01,inf,yes", "inf"),
        ({"group": "who"}, "1,,2024-01-01,1,yes", "column 'who': lacks 1 cell"),
        ({"time": "day"}, "1,a,,1,yes", "column 'day': lacks 1 cell"),
        ({"time": "day"}, "1,a,soon,1,yes", "dates, but for 1 cell of text: 'soon'"),
        ({"time": "who"}, "1,a,2024-01-01,1,yes", "its cells must be dates"),
    ],
)
def test_cells_that_cannot_be_are_told(tmp_path: Path, values: dict[str, Any], row: str, message: str) -> None:
    with pytest.raises(ColumnError, match=message):
        load(tmp_path, rows() + row + "\n", **values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"group": "whom"}, r"--group: .*no column 'whom'; did you mean 'who'\?"),
        ({"time": "y"}, "--time: 'y' is the target"),
        ({"group": "who", "time": "day"}, "not by both"),
    ],
)
def test_parameters_that_cannot_be_are_told(tmp_path: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises((ConfigError, DataError), match=message):
        load(tmp_path, **values)


def test_a_test_file_needs_weights_but_neither_group_nor_time(tmp_path: Path) -> None:
    test = write_csv(tmp_path, "age,day,heavy,y\n5,2024-01-01,3,no\n70,2024-02-01,4,yes\n", "test.csv")
    prepared = prepare(config(tmp_path, weight="heavy", group="who", test=test))
    assert prepared.test.roles.weights is not None
    assert prepared.test.roles.weights.tolist() == [3.0, 4.0]
    assert prepared.test.roles.groups is None


def test_no_group_stands_on_two_sides_and_the_test_is_the_latest(tmp_path: Path) -> None:
    grouped = prepare(config(tmp_path, group="who"))
    groups = grouped.data.roles.groups
    assert groups is not None
    sides = [set(groups[part]) for part in (grouped.split.train, grouped.split.validation, grouped.split.test)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    timed = prepare(config(tmp_path, time="day"))
    times = timed.data.roles.times
    assert times is not None
    assert times[timed.split.train].max() < times[timed.split.validation].min()
    assert times[timed.split.validation].max() < times[timed.split.test].min()


def test_classes_count_as_much_and_all_rows_together_what_they_did(tmp_path: Path) -> None:
    text = "".join(f"{age},w{age},2024-01-01,2,{'yes' if age % 10 == 0 else 'no'}\n" for age in range(200))
    prepared = prepare(config(tmp_path, text, weight="heavy", class_weight="balanced"))
    fold = prepared.fold(prepared.seen)
    assert fold.weights is not None
    sums = [fold.weights[fold.codes == code].sum() for code in (0, 1)]
    assert sums[0] == pytest.approx(sums[1])
    assert sum(sums) == pytest.approx(2 * len(fold.codes))
    assert prepare(config(tmp_path, text, class_weight="balanced")).train.weights is not None
    assert prepare(config(tmp_path, text)).train.weights is None
