"""The booster that is shipped: parameters searched if asked for, rounds found on validation, refitted on both folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.preparation import Prepared
from mlapi.training.progress import Progress
from mlapi.training.tracking import TrackedRun
from mlapi.training.trainer import Fold, ModelTrainer, Search
from mlapi.training.tuning import HyperparameterOptimizer

if TYPE_CHECKING:
    import xgboost


@dataclass(frozen=True)
class Boosted:
    """The shipped booster of n_rounds, its parameters, and the search that found how many rounds."""

    trainer: ModelTrainer
    params: BoosterParams
    search: Search
    booster: xgboost.Booster
    n_rounds: int

    def importance(self, columns: tuple[str, ...]) -> dict[str, float]:
        """Give each column's share of the total gain, from 0 to 1."""
        scores = self.booster.get_score(importance_type="total_gain")
        gains = {name: cast(float, gain) for name, gain in scores.items()}  # lists are of linear boosters only
        total = sum(gains.values()) or 1.0
        return {column: gains.get(f"f{place}", 0.0) / total for place, column in enumerate(columns)}


def boost(prepared: Prepared, config: TrainingConfig, run: TrackedRun, progress: Progress) -> Boosted:
    """Train the booster, recording the search as trials and the early-stopped training by autologging."""
    trainer = ModelTrainer(
        prepared.preprocessing.encoder.column_types,
        len(prepared.data.labels.classes),
        seed=config.seed,
        threads=config.threads,
        max_rounds=config.max_rounds,
        patience=config.early_stopping_rounds,
        min_gain=config.early_stopping_gain,
    )
    train, validation = prepared.train, prepared.validation
    params = _searched(trainer, train, validation, config, run, progress)
    with run.boosting():
        search = trainer.search(params, train, validation, progress)
    n_rounds = max(1, round(config.refit_factor * search.best_round))
    progress("refitting on train and validation")
    return Boosted(trainer, params, search, trainer.fit(params, prepared.fold(prepared.seen), n_rounds), n_rounds)


def _searched(
    trainer: ModelTrainer, train: Fold, validation: Fold, config: TrainingConfig, run: TrackedRun, progress: Progress
) -> BoosterParams:
    if not config.trials:
        return config.params
    optimizer = HyperparameterOptimizer(trainer, seed=config.seed)
    return optimizer.optimize(config.params, train, validation, trials=config.trials, run=run, progress=progress).params
