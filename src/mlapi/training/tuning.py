"""Search XGBoost's parameters with Optuna, every trial a run of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlapi.training.booster_params import BoosterParams
from mlapi.training.progress import Progress, silent
from mlapi.training.tracking import TrackedRun
from mlapi.training.trainer import Fold, ModelTrainer

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Range:
    """Where one parameter is looked for, both ends included; `log`: evenly over its orders of magnitude."""

    name: str
    low: float
    high: float
    log: bool = False

    def suggest(self, trial: optuna.Trial) -> float | int:
        """Let the sampler choose; whole ends give a whole number."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(self.name, self.low, self.high, log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)


# Around the defaults; wider ranges than these spend a short search on models that nobody would ship
SPACE = (
    Range("learning_rate", 0.02, 0.2, log=True),
    Range("max_depth", 3, 10),
    Range("min_child_weight", 0.5, 20.0, log=True),
    Range("subsample", 0.5, 1.0),
    Range("colsample_bytree", 0.3, 1.0),
    Range("reg_lambda", 0.01, 10.0, log=True),
)


@dataclass(frozen=True)
class Tuned:
    """The best parameters, their validation loss, and how many sets were tried."""

    params: BoosterParams
    loss: float
    n_trials: int


class HyperparameterOptimizer:
    """Tries parameter sets on the validation fold: the given one first, then those of a seeded TPE sampler."""

    def __init__(self, trainer: ModelTrainer, *, seed: int, space: tuple[Range, ...] = SPACE) -> None:
        self._trainer = trainer
        self._seed = seed
        self._space = space

    def optimize(
        self,
        start: BoosterParams,
        train: Fold,
        validation: Fold,
        *,
        trials: int,
        run: TrackedRun,
        progress: Progress = silent,
    ) -> Tuned:
        """Search; the same seed tries the same sets in the same order.

        Args:
            start: the first set, so that a search is never worse on the validation fold than none; what the space does
                not vary stays as it is here.
            train: rows to boost on.
            validation: rows that score a trial, by the loss of its best round.
            trials: sets in all.
            run: the run under which every trial gets its own.
            progress: hears of each trial.
        """
        study = self._study(start)

        def objective(trial: optuna.Trial) -> float:
            params = start.model_copy(update={one.name: one.suggest(trial) for one in self._space})
            loss = self._tried(trial.number, params, train, validation, run)
            progress("searching parameters", trial.number + 1, trials)
            return loss

        study.optimize(objective, n_trials=trials, n_jobs=1)  # XGBoost itself takes every processor
        best = start.model_copy(update=study.best_params)
        run.log(metrics={"best_trial_loss": study.best_value})
        return Tuned(best, study.best_value, trials)

    def _study(self, start: BoosterParams) -> optuna.Study:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(direction="minimize", sampler=optuna.samplers.TPESampler(seed=self._seed))
        given = start.as_xgboost()
        if all(one.low <= given[one.name] <= one.high for one in self._space):
            study.enqueue_trial({one.name: given[one.name] for one in self._space})
        return study

    def _tried(self, number: int, params: BoosterParams, train: Fold, validation: Fold, run: TrackedRun) -> float:
        with run.trial(f"trial {number}") as trial_run:
            found = self._trainer.search(params, train, validation)
            trial_run.log(params=params.as_xgboost(), metrics={"loss": found.best_loss, "best_round": found.best_round})
        return found.best_loss
