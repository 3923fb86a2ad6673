"""What is written about a model: complete, and equal for equal models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mlapi.training.boosting import boost
from mlapi.training.config import TrainingConfig
from mlapi.training.explaining import explain
from mlapi.training.outcome import evaluate
from mlapi.training.papers import Papers, write_papers
from mlapi.training.preparation import prepare
from mlapi.training.progress import silent
from mlapi.training.unrecorded import UnrecordedRun
from tests.training.tables import HEADER, good_rows, write_csv
from tests.training.test_refolding import QUICK


def papers(folder: Path, **values: object) -> Papers:
    table = write_csv(folder, HEADER + good_rows(200))
    config = TrainingConfig.model_validate({"data": table, "target": "y", "bootstrap": 20, **QUICK, **values})
    prepared = prepare(config)
    boosted = boost(prepared, config, config.params, UnrecordedRun(), silent)
    return write_papers(prepared, boosted, evaluate(prepared, boosted, config), config)


def test_threads_do_not_change_a_byte(tmp_path: Path) -> None:
    first = papers(tmp_path, threads=1)
    assert first == papers(tmp_path, threads=2)
    assert set(first.for_bundle) == {"card.html", "evaluation.json"}
    assert set(first.for_run) >= {"card.md", "card.html", "evaluation.json", "plots/shap.png", "plots/roc.png"}
    assert len(first.page) < 400_000
    assert json.loads(first.evaluation)["decision"]["calibration"] == "none"


def test_what_the_owner_says_stands_in_both_cards(tmp_path: Path) -> None:
    found = papers(tmp_path, card={"intended_use": "to foresee who leaves"})
    assert b"to foresee who leaves" in found.card
    assert b"to foresee who leaves" in found.page


@pytest.mark.parametrize(("dataset", "n_groups"), [("breast_cancer", 1), ("iris", 3)])
def test_contributions_and_bias_add_up_to_the_margin(dataset: str, n_groups: int) -> None:
    config = TrainingConfig(dataset=dataset, **QUICK)
    prepared = prepare(config)
    boosted = boost(prepared, config, config.params, UnrecordedRun(), silent)
    found = explain(prepared, boosted)
    assert found.contributions.shape == (prepared.test.n_rows, n_groups, len(found.columns))
    raw = boosted.booster.predict(boosted.trainer.data(prepared.fold(prepared.test)), output_margin=True)
    bias = raw.reshape(len(raw), -1) - found.contributions.sum(axis=2)
    assert np.ptp(bias, axis=0) == pytest.approx(0, abs=1e-4)
