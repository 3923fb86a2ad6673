"""Cross-validate the whole procedure: every fold is scored once by a model that was made without it.

Nothing is shared between the folds: the encoder is fitted, the rounds are found and the decision is made anew, each
time as `mlapi train` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mlapi.training.boosting import Boosted, boost
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import Dataset
from mlapi.training.deciding import decide
from mlapi.training.errors import ConfigError, count_of
from mlapi.training.evaluation import ModelEvaluator
from mlapi.training.folds import Parts, folds
from mlapi.training.preparation import Prepared, prepared_from
from mlapi.training.progress import Progress, silent
from mlapi.training.scores import all_scores
from mlapi.training.searching import search
from mlapi.training.split import Places, split_rows
from mlapi.training.trainer import margin
from mlapi.training.unrecorded import UnrecordedRun

FEWEST_OF_A_CLASS = 4  # so that each class is in the training, the validation and the scored rows of every fold


class FoldResult(NamedTuple):
    """One fold: what was boosted without it, and its figures."""

    boosted: Boosted
    metrics: dict[str, float]


def cross_validate(
    data: Dataset, parts: Parts, config: TrainingConfig, state_dir: Path | None = None, progress: Progress = silent
) -> Iterator[FoldResult]:
    """Make a model for each fold and score it.

    Args:
        data: all labelled rows.
        parts: the training rows and the scored rows of each fold.
        config: how to make each model; with `trials`, parameters are searched for each fold anew.
        state_dir: where a search keeps its trials; needed with `trials`.
        progress: hears of each fold.
    """
    for number, (seen, scored) in enumerate(parts):
        progress("cross-validating", number, len(parts))
        prepared = without_fold(data, seen, scored, config)
        params = config.params
        if config.trials and state_dir is not None:
            params = search(prepared, config, UnrecordedRun(), state_dir, silent).params
        boosted = boost(prepared, config, params, UnrecordedRun(), silent)
        yield FoldResult(boosted, _metrics(prepared, boosted, config))


def folds_of(data: Dataset, config: TrainingConfig) -> Parts:
    """Cut all rows into the folds of `--cv`.

    Raises:
        ConfigError: a class has too few rows for so many folds.
    """
    needed = max(config.cv, FEWEST_OF_A_CLASS)
    smallest = int(data.labels.counts().min())
    if smallest < needed:
        reason = f"{count_of(config.cv, 'fold')} need {needed} rows of each class; the smallest has {smallest}"
        raise ConfigError("--cv", reason)
    return folds(data, config.cv, config.seed)


def without_fold(data: Dataset, seen: Places, scored: Places, config: TrainingConfig) -> Prepared:
    """Prepare some rows as the training table and others as the test rows."""
    training, test = data.take(seen), data.take(scored)
    split = split_rows(training, test=0.0, validation=config.validation_share, seed=config.seed)
    return prepared_from(training, split, test, config)


def _metrics(prepared: Prepared, boosted: Boosted, config: TrainingConfig) -> dict[str, float]:
    decision = decide(prepared, boosted, config).decision
    test = prepared.fold(prepared.test)
    probabilities = decision.calibrated(margin(boosted.trainer, boosted.booster, test))
    chosen = ModelEvaluator(decision).chosen(probabilities)
    weights = prepared.test.roles.weights
    heavy = np.ones(len(test.codes)) if weights is None else weights
    found = all_scores(test.codes, probabilities, chosen, heavy[None, :])
    return {name: float(values[0]) for name, values in sorted(found.items()) if not np.isnan(values[0])}
