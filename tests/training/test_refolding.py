"""Cross-validation of the whole procedure, fold by fold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader, Dataset
from mlapi.training.errors import ConfigError
from mlapi.training.refolding import cross_validate, folds_of, without_fold
from tests.training.tables import HEADER, good_rows, write_csv

QUICK: dict[str, Any] = {"max_rounds": 15, "threads": 1, "params": BoosterParams(learning_rate=0.3, max_depth=3)}


@pytest.fixture
def config(tmp_path: Path) -> TrainingConfig:
    return TrainingConfig(data=write_csv(tmp_path, HEADER + good_rows(200)), target="y", cv=4, **QUICK)


def load(config: TrainingConfig) -> Dataset:
    return DataLoader(config).load()


def test_every_row_is_scored_once_by_a_model_that_has_not_seen_it(config: TrainingConfig) -> None:
    data = load(config)
    parts = folds_of(data, config)
    assert sorted(np.concatenate([scored for _, scored in parts]).tolist()) == list(range(200))
    for seen, scored in parts:
        prepared = without_fold(data, seen, scored, config)
        assert prepared.seen.n_rows + prepared.test.n_rows == 200
        assert not set(seen) & set(scored)


def test_each_fold_has_its_figures_and_the_same_ones_again(config: TrainingConfig) -> None:
    data = load(config)
    told: list[int | None] = []
    parts = folds_of(data, config)
    first = [
        one.metrics
        for one in cross_validate(data, parts, config, None, lambda _, done=None, total=None: told.append(done))
    ]
    assert told == [0, 1, 2, 3]
    assert all(fold["roc_auc"] > 0.7 for fold in first)
    assert first == [one.metrics for one in cross_validate(data, parts, config)]


def test_parameters_are_searched_for_each_fold_where_asked(config: TrainingConfig, tmp_path: Path) -> None:
    data = load(config)
    searching = config.model_copy(update={"trials": 2, "search_folds": 2})
    parts = folds_of(data, config)[:1]
    (fold,) = cross_validate(data, parts, searching, tmp_path)
    assert fold.metrics["roc_auc"] > 0.7
    assert list((tmp_path / "studies").glob("*.journal"))


def test_a_category_that_only_the_scored_rows_have_is_missing_there(config: TrainingConfig) -> None:
    data = load(config)
    plans = data.table["plan"]
    without_team = np.flatnonzero(plans != "team")
    prepared = without_fold(data, without_team, np.flatnonzero(plans == "team"), config)
    assert prepared.preprocessing.schema.feature("plan").categories == ("free",)
    assert np.isnan(prepared.preprocessing.matrix(prepared.test)[:, 1]).all()


def test_more_folds_than_a_class_has_rows_are_refused(config: TrainingConfig, tmp_path: Path) -> None:
    few = write_csv(tmp_path, HEADER + "20,free,true,no\n" * 30 + "80,team,true,yes\n" * 5, "few.csv")
    many = config.model_copy(update={"data": few, "cv": 10})
    with pytest.raises(ConfigError, match="--cv: 10 folds need 10 rows of each class; the smallest has 5"):
        folds_of(load(many), many)
