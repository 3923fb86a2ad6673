"""The rows that a search is scored on: all that the shipped booster will see, cut into folds."""

from __future__ import annotations

import os

from mlapi.training.config import TrainingConfig
from mlapi.training.cross_validation import CrossValidation
from mlapi.training.folds import Parts, folds
from mlapi.training.preparation import Prepared
from mlapi.training.trainer import Fold, ModelTrainer, trainer_arguments


def cross_validation(prepared: Prepared, config: TrainingConfig, *, fresh: bool = False) -> CrossValidation:
    """Give what scores parameters; `fresh` cuts the rows another way."""
    trainer = ModelTrainer(**trainer_arguments(prepared, config) | {"threads": threads(config)})
    return CrossValidation(trainer, *folded(prepared, config, fresh=fresh))


def folded(prepared: Prepared, config: TrainingConfig, *, fresh: bool = False) -> tuple[Fold, Parts]:
    """Give the rows and their folds."""
    rows = prepared.fold(prepared.seen)
    return rows, folds(prepared.seen, config.search_folds, config.seed + fresh)


def threads(config: TrainingConfig) -> int | None:
    """Give the threads of each process that searches, None for all; no model depends on them."""
    if config.threads or config.workers == 1:
        return config.threads
    return max(1, (os.cpu_count() or 1) // config.workers)
