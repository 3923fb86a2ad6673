"""What a person is told of the data before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mlapi.training.config import TrainingConfig
from mlapi.training.preparation import prepare
from mlapi.training.report import DataReport
from mlapi.training.report_page import report_page
from tests.training.tables import write_csv


def report(folder: Path, header: str, rows: list[str], **values: Any) -> DataReport:
    path = write_csv(folder, "\n".join([header, *rows]) + "\n")
    return prepare(TrainingConfig(data=path, target="y", **values)).report


def rows_of(n_rows: int, seed: int = 1) -> list[tuple[int, str, str]]:
    dice = np.random.default_rng(seed)
    ages = dice.integers(1, 10_000, n_rows).tolist()
    return [(age, str(dice.choice(["a", "b"])), "yes" if dice.random() < age / 10_000 else "no") for age in ages]


def test_kinds_gaps_and_classes_stand_in_the_first_lines(tmp_path: Path) -> None:
    cells = [f"{age},{'' if age % 4 == 0 else plan},2024-01-{age % 28 + 1:02},{y}" for age, plan, y in rows_of(200)]
    found = report(tmp_path, "age,plan,day,y", cells)
    first, classes, features, gaps, *rest = found.lines()
    assert first.startswith("table.csv: 200 rows, 2 classes of 'y' (130 train, 30 validation, 40 test)")
    assert classes.startswith("classes: 'no' ")
    assert features == "3 features: 1 integer, 1 categorical, 1 datetime"
    assert gaps.startswith("missing cells: 'plan' ")
    assert rest == []


def test_what_needs_a_look_is_said_with_a_remedy(tmp_path: Path) -> None:
    cells = [f"{row},{y}!,{age},{y}" for row, (age, _, y) in enumerate(rows_of(300))]
    warnings = list(report(tmp_path, "row,copy,age,y", [*cells, *cells]).warnings())
    assert "'copy' alone tells the classes apart (AUC 1.000)" in warnings[0]
    assert "--drop 'copy'" in warnings[0]
    assert any("equal one that trains" in one for one in warnings)
    (numbered,) = list(
        report(tmp_path, "row,age,y", [f"{n},{a},{y}" for n, (a, _, y) in enumerate(rows_of(300))]).warnings()
    )
    assert numbered == "'row' looks like a number of the row; if it is one, --drop 'row'"


def test_a_class_of_few_rows_is_named(tmp_path: Path) -> None:
    cells = [f"{age},{y}" for age, _, y in rows_of(200)] + ["5,odd", "6,odd", "7,odd", "8,odd"]
    found = report(tmp_path, "age,y", cells)
    assert found.rare_classes == ("odd",)
    assert "class 'odd' has 4 rows: its figures mean little" in found.warnings()


def test_what_was_grouped_and_left_out_is_told_once(tmp_path: Path) -> None:
    cells = [f"{age},town {age % 60},n{place},{y}" for place, (age, _, y) in enumerate(rows_of(400))]
    found = report(tmp_path, "age,town,name,y", cells, min_category_count=6)
    text = "\n".join(found.lines())
    assert "left out 'name': identifier-like text" in text
    assert 'such text is kept by kind = "categorical"' in text
    assert "rare categories" in text
    assert "are one, and so is any that training had not seen" in text
    assert found.grouped["town"].n_categories > 1
    assert found.unseen_categories == {}


def test_the_report_is_json_and_a_page_that_escapes_names(tmp_path: Path) -> None:
    cells = [f"{age},{plan},{y}" for age, plan, y in rows_of(100)]
    found = report(tmp_path, "age,<script>alert(1)</script>|x,y", cells)
    assert json.loads(found.to_json())["columns"][0]["feature"] == "integer"
    page = report_page(found).decode()
    assert "<script>" not in page
    assert "## Columns" in page
