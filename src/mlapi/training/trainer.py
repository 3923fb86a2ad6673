"""Boost: find the number of rounds on the validation fold, then refit on all that is not held out."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.types import Margin, Matrix
from mlapi.training.booster_params import BoosterParams
from mlapi.training.progress import Progress, silent

if TYPE_CHECKING:
    import xgboost

    from mlapi.training.config import TrainingConfig
    from mlapi.training.preparation import Prepared

# Two busy cores and OpenMP's default spinning made training ten times slower (DESIGN §6); read when libgomp is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@dataclass(frozen=True)
class Fold:
    """A matrix, float32 (n_rows, n_columns), its rows' classes, int32 (n_rows,), and what each row counts, if not 1."""

    matrix: Matrix
    codes: NDArray[np.int32]
    weights: NDArray[np.float64] | None = None

    def take(self, rows: NDArray[np.intp]) -> Fold:
        """Give these rows only, in this order."""
        return Fold(self.matrix[rows], self.codes[rows], None if self.weights is None else self.weights[rows])


@dataclass(frozen=True)
class Search:
    """What early stopping found: the best round (from 1), its loss, and the loss of every round for each fold.

    `margin` is the raw output for the validation rows at the best round, (n_rows, n_groups), where one was boosted for;
    `booster` has all rounds.
    """

    best_round: int
    best_loss: float
    curves: dict[str, list[float]] = field(default_factory=dict)
    margin: Margin | None = None
    booster: xgboost.Booster | None = None

    @property
    def best(self) -> xgboost.Booster:
        """The booster as it was at the best round."""
        assert self.booster is not None
        return self.booster[: self.best_round]


class Rows(Protocol):
    """Rows for training that need not be in memory."""

    def quantized(self, column_types: list[str], max_bin: int, threads: int | None) -> xgboost.DMatrix:
        """Give them as XGBoost takes them, each cell already in its bin."""
        ...


class Stopping:
    """Early stopping as XGBoost's own callback does it: no more than `patience` rounds that gain too little."""

    def __init__(self, patience: int, min_gain: float) -> None:
        self.losses: list[float] = []
        self.best_round = 0
        self.best_loss = float("inf")
        self._patience = patience
        self._min_gain = min_gain

    def after(self, loss: float) -> bool:
        """Take the loss of the next round; say whether to stop."""
        self.losses.append(loss)
        if loss < self.best_loss - self._min_gain:
            self.best_round, self.best_loss = len(self.losses), loss
        return len(self.losses) - self.best_round >= self._patience


class ModelTrainer:
    """Trains boosters of one kind: same columns, same number of classes, same seed."""

    def __init__(
        self,
        column_types: tuple[str, ...],
        n_classes: int,
        *,
        seed: int,
        threads: int | None = None,
        max_rounds: int,
        patience: int,
        min_gain: float = 0.0,
        rate: float | None = None,
    ) -> None:
        """Say what all boosters have in common.

        Args:
            column_types: XGBoost's feature types of the matrix' columns, from the encoder.
            n_classes: two or more.
            seed: of row and column sampling.
            threads: None for all processors; the model does not depend on it.
            max_rounds: rounds of a search at most.
            patience: rounds that end a search if they gain too little.
            min_gain: what the validation loss must fall by within the patience for a search to go on.
            rate: the learning rate that the patience is meant for; a smaller one gets as many more rounds, since each
                gains as much less. None takes the patience as it stands.
        """
        self._types = list(column_types)
        self._n_classes = n_classes
        self._seed = seed
        self._threads = threads
        self.max_rounds = max_rounds
        self._patience = patience
        self._min_gain = min_gain
        self._rate = rate

    @classmethod
    def for_table(cls, prepared: Prepared, config: TrainingConfig) -> ModelTrainer:
        """Give the trainer of a prepared table under a configuration."""
        return cls(**trainer_arguments(prepared, config))

    @property
    def metric(self) -> str:
        """XGBoost's name of the loss that stops the training."""
        return "logloss" if self._n_classes == 2 else "mlogloss"

    def parameters(self, params: BoosterParams) -> dict[str, Any]:
        """Give all that XGBoost is told; `hist` on the CPU gives the same trees with any number of threads."""
        objective: dict[str, Any] = {"objective": "binary:logistic"}
        if self._n_classes > 2:
            objective = {"objective": "multi:softprob", "num_class": self._n_classes}
        fixed = {"tree_method": "hist", "device": "cpu", "seed": self._seed, "eval_metric": self.metric, "verbosity": 0}
        return objective | fixed | ({"nthread": self._threads} if self._threads else {}) | params.as_xgboost()

    def search(
        self, params: BoosterParams, train: Fold | Rows, validation: Fold, progress: Progress = silent
    ) -> Search:
        """Boost until the validation loss no longer falls."""
        import xgboost

        curves: dict[str, dict[str, list[float]]] = {}
        held = self.data(validation)
        booster = xgboost.train(
            self.parameters(params),
            self.quantized(params, train),
            num_boost_round=self.max_rounds,
            evals=[(held, "validation")],
            evals_result=curves,
            verbose_eval=False,
            callbacks=[
                _rounds_told(progress, self.max_rounds),
                xgboost.callback.EarlyStopping(**self.early_stopping(params)),
            ],
        )
        return self.found(booster, curves, validation)

    def early_stopping(self, params: BoosterParams) -> dict[str, Any]:
        """Give the arguments of XGBoost's callback that ends a search."""
        return {"rounds": self._patience_for(params), "min_delta": self._min_gain}

    def found(self, booster: xgboost.Booster, curves: dict[str, Any], validation: Fold) -> Search:
        """Make the result of a search of its booster, its curves by fold and metric, and its validation rows."""
        held = self.data(validation)
        best_round = booster.best_iteration + 1
        raw = booster.predict(held, output_margin=True, iteration_range=(0, best_round))
        return Search(
            best_round,
            float(booster.best_score),
            {name: scores[self.metric] for name, scores in curves.items()},
            np.asarray(raw, dtype=np.float32).reshape(len(validation.codes), -1),
            booster,
        )

    def stopping(self, params: BoosterParams) -> Stopping:
        """Give what ends a search of one's own."""
        return Stopping(self._patience_for(params), self._min_gain)

    def _patience_for(self, params: BoosterParams) -> int:
        return max(1, round(self._patience * (self._rate or params.learning_rate) / params.learning_rate))

    def fit(self, params: BoosterParams, rows: Fold, n_rounds: int) -> xgboost.Booster:
        """Boost exactly n_rounds over some rows; the booster holds no further round."""
        import xgboost

        return xgboost.train(
            self.parameters(params), self.quantized(params, rows), num_boost_round=n_rounds, verbose_eval=False
        )

    def data(self, fold: Fold) -> xgboost.DMatrix:
        """Give rows as XGBoost takes them for scoring; columns have no names, because XGBoost forbids some letters."""
        import xgboost

        return xgboost.DMatrix(
            fold.matrix,
            label=fold.codes,
            weight=fold.weights,
            feature_types=self._types,
            enable_categorical=True,
            nthread=self._threads,
        )

    def quantized(self, params: BoosterParams, fold: Fold | Rows) -> xgboost.DMatrix:
        """Give rows for training, each cell already in its bin."""
        import xgboost

        if not isinstance(fold, Fold):
            return fold.quantized(self._types, params.max_bin, self._threads)
        return xgboost.QuantileDMatrix(
            fold.matrix,
            label=fold.codes,
            weight=fold.weights,
            feature_types=self._types,
            enable_categorical=True,
            max_bin=params.max_bin,
            nthread=self._threads,
        )


def trainer_arguments(prepared: Prepared, config: TrainingConfig) -> dict[str, Any]:
    """Give the arguments of the trainer of a prepared table, all of which JSON can hold."""
    return {
        "column_types": prepared.preprocessing.encoder.column_types,
        "n_classes": len(prepared.data.labels.classes),
        "seed": config.seed,
        "threads": config.threads,
        "max_rounds": config.max_rounds,
        "patience": config.early_stopping_rounds,
        "min_gain": config.early_stopping_gain,
        "rate": config.params.learning_rate,
    }


def margin(trainer: ModelTrainer, booster: xgboost.Booster, fold: Fold) -> NDArray[np.float32]:
    """Give the raw output of all rounds, float32 (n_rows, n_groups)."""
    raw = np.asarray(booster.predict(trainer.data(fold), output_margin=True), dtype=np.float32)
    return raw.reshape(len(fold.codes), -1)


def model_bytes(booster: xgboost.Booster) -> bytes:
    """Give the booster as UBJSON."""
    return bytes(booster.save_raw("ubj"))


def _rounds_told(progress: Progress, most: int) -> xgboost.callback.TrainingCallback:
    """Make a callback that tells the listener of every round."""
    import xgboost

    class RoundsTold(xgboost.callback.TrainingCallback):
        def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: object) -> bool:
            progress("boosting", epoch + 1, most)
            return False

    return RoundsTold()
