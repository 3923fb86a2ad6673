"""The quality benchmark, on a table of one's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import quality
from benchmarks.quality_table import quality_table
from tests.training.tables import HEADER, good_rows, write_csv


@pytest.fixture
def table(tmp_path: Path) -> Path:
    write_csv(tmp_path, "row_id,test_fold\n" + "".join(f"{row},{row % 3}\n" for row in range(120)), "folds.csv")
    return write_csv(tmp_path, HEADER + good_rows(120), "own.csv")


def test_any_table_is_measured_on_its_folds(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", str(table), "--target", "y", "--folds", str(table.with_name("folds.csv")), "--trials", "0"]
    monkeypatch.setattr(sys, "argv", ["quality", *words])
    assert quality.main() == 0
    line = capsys.readouterr().out.splitlines()[2]
    assert line.startswith("| own.csv | 120, 3, 2 | ROC AUC | 0.")


def test_tables_that_are_not_there_are_skipped_saying_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["quality", "--folder", str(tmp_path)])
    assert quality.main() == 0
    assert capsys.readouterr().err.count("skipped") == len(quality.TASKS)


def test_folds_must_name_each_row_once(table: Path) -> None:
    with pytest.raises(SystemExit, match="each of the 121 labelled rows once"):
        quality.read_folds(table.with_name("folds.csv"), 121)


def test_the_table_holds_means_errors_and_what_was_published() -> None:
    folds = [{"roc_auc": 0.9, "accuracy": 0.8, "log_loss": 0.3}, {"roc_auc": 1.0, "accuracy": 0.8, "log_loss": 0.3}]
    way = {**quality.summary(folds), "seconds_a_fold": 1.0, "searched_taken": 1}
    task = {
        "rows": 10,
        "features": 2,
        "classes": 2,
        "metric": "roc_auc",
        "published": 0.93,
        "source": "somewhere",
        "budget_s": 5.0,
        "defaults": way,
        "search": way,
    }
    found = quality_table({"machine": {"cores": 2}, "seed": 1, "trials": 3, "tasks": {"t": task}})
    assert (
        "| t | 10, 2, 2 | ROC AUC | 0.95000 ± 0.05000 | 0.95000 ± 0.05000 (1 of 2) | 0.93000 (somewhere) | 1.0, 1.0 |"
        in found
    )
    assert "3 trials" in found
