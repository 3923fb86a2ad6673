"""The booster that is shipped: its rounds are found on the validation rows, then it is refitted on all that is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.preparation import Prepared
from mlapi.training.progress import Progress
from mlapi.training.tracking import TrackedRun
from mlapi.training.trainer import ModelTrainer, Search

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
        """Give each name's share of the total gain, from 0 to 1; `columns` names every column, several alike too."""
        scores = self.booster.get_score(importance_type="total_gain")
        gains = {name: cast(float, gain) for name, gain in scores.items()}  # lists are of linear boosters only
        total = sum(gains.values()) or 1.0
        shares = dict.fromkeys(columns, 0.0)
        for place, column in enumerate(columns):
            shares[column] += gains.get(f"f{place}", 0.0) / total
        return shares


def boost(
    prepared: Prepared, config: TrainingConfig, params: BoosterParams, run: TrackedRun, progress: Progress
) -> Boosted:
    """Train the booster, recording the early-stopped training by autologging."""
    trainer = ModelTrainer.for_table(prepared, config)
    with run.boosting():
        search = prepared.search(trainer, params, progress)
    if not prepared.refits:
        return Boosted(trainer, params, search, search.best, search.best_round)
    n_rounds = max(1, round(config.refit_factor * search.best_round))
    progress("refitting on train and validation")
    return Boosted(trainer, params, search, trainer.fit(params, prepared.fold(prepared.seen), n_rounds), n_rounds)
