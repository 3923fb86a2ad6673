"""Further processes of a search: each does its share by itself, and one that breaks is told of."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlapi.training.folds import stratified_folds
from mlapi.training.interruption import Interruption
from mlapi.training.search_job import SearchJob, load_rows, save_rows
from mlapi.training.search_workers import helped
from mlapi.training.study import WORKER, StudyPlace
from mlapi.training.tuning import counts
from tests.fixtures.postgres import new_database
from tests.training.test_trainer import TYPES, fold


def job(folder: Path, **values: Any) -> SearchJob:
    rows = fold(120, 1)
    save_rows(folder / "rows.npz", rows, stratified_folds(rows.codes, 2, 1))
    given: dict[str, Any] = {
        "rows": str(folder / "rows.npz"),
        "trainer": {"column_types": TYPES, "n_classes": 2, "seed": 1, "threads": 1, "max_rounds": 5, "patience": 5},
        "start": {"max_depth": 2},
        "space": {"max_depth": {"low": 2, "high": 4}, "gamma": {"choices": [0.0, 1.0]}},
        "seed": 1,
        "folder": str(folder),
        "name": "s",
        "database": None,
        "trials": 6,
        "timeout_s": None,
    }
    return SearchJob(**given | values)


def test_workers_fill_a_study_by_themselves(tmp_path: Path) -> None:
    with StudyPlace(tmp_path, "s").claimed(resume=False) as claim:
        with helped(job(tmp_path), 2, Interruption()):
            pass
        trials = claim.study.get_trials()
    ended = [one for one in trials if one.state.is_finished()]
    assert len(ended) >= 6
    assert {one.user_attrs[WORKER] for one in ended} <= {1, 2}
    assert len({one.number for one in ended}) == len(ended)


def test_workers_share_a_database(tmp_path: Path) -> None:
    address = new_database()
    with StudyPlace(tmp_path, "s", address).claimed(resume=False) as claim:
        with helped(job(tmp_path, database=address), 2, Interruption()):
            pass
        assert counts(claim.study)[0] >= 6


def test_a_worker_that_breaks_is_told_of_and_ends_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = job(tmp_path, rows="none.npz")
    with StudyPlace(tmp_path, "s").claimed(resume=False), helped(broken, 1, Interruption()):
        caplog.set_level(logging.WARNING)
    assert "a worker of the search ended with 1: FileNotFoundError" in caplog.text


def test_an_error_ends_the_workers_too(tmp_path: Path) -> None:
    interruption = Interruption()
    endless = job(tmp_path, trials=100_000)
    claimed = StudyPlace(tmp_path, "s").claimed(resume=False)
    with pytest.raises(ValueError, match="here"), claimed, helped(endless, 1, interruption):
        raise ValueError("here")
    assert interruption.asked


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = fold(50, 1)
    parts = stratified_folds(rows.codes, 3, 1)
    save_rows(tmp_path / "rows.npz", rows, parts)
    read, read_parts = load_rows(tmp_path / "rows.npz")
    np.testing.assert_array_equal(read.matrix, rows.matrix)
    np.testing.assert_array_equal(read.codes, rows.codes)
    assert [[part.tolist() for part in pair] for pair in read_parts] == [
        [part.tolist() for part in pair] for pair in parts
    ]
