"""Score parameters on rows that did not train them: boosters of all folds grow side by side, round by round."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mlapi.training.booster_params import BoosterParams
from mlapi.training.folds import Parts
from mlapi.training.scores import Floats, row_losses
from mlapi.training.trainer import Fold, ModelTrainer, Search

if TYPE_CHECKING:
    import xgboost

KEPT_BINNINGS = 4  # of all folds; more are made again where `max_bin` is searched over many values
Hears = Callable[[int, float], None]


def deaf(round_number: int, loss: float) -> None:
    """Hear nothing."""


class CrossValidation:
    """Boosts one booster a fold. The folds' matrices are binned once and serve every parameter set."""

    def __init__(self, trainer: ModelTrainer, rows: Fold, parts: Parts) -> None:
        """Say what is common to all: the kind of booster, the rows, and which of them score in which fold."""
        self._trainer = trainer
        self._folds = [(rows.take(train), rows.take(scored)) for train, scored in parts]
        self._binned = lru_cache(KEPT_BINNINGS)(self._bin)

    def search(self, params: BoosterParams, hears: Hears = deaf) -> Search:
        """Boost until the mean loss over the folds no longer falls.

        Args:
            params: of every fold's booster.
            hears: gets each round, from 1, and its mean loss; what it raises ends the search.
        """
        return self._boosted(params, hears)[0]

    def row_losses(self, params: BoosterParams) -> Floats:
        """Give the log loss of every row under the booster that has not seen it, at the best round: (n_rows,).

        Each is multiplied by what the row counts.
        Rows stand in the order of the folds, the same for all parameters.
        """
        found, boosters = self._boosted(params, deaf)
        losses = []
        for booster, (_, data), (_, scored) in zip(boosters, self._binned(params.max_bin), self._folds, strict=True):
            raw = booster.predict(data, iteration_range=(0, found.best_round))
            probabilities = raw if raw.ndim == 2 else np.column_stack([1 - raw, raw])
            lost = row_losses(scored.codes, probabilities)
            losses.append(lost if scored.weights is None else lost * scored.weights)
        return np.concatenate(losses)

    def _boosted(self, params: BoosterParams, hears: Hears) -> tuple[Search, list[xgboost.Booster]]:
        import xgboost

        data = self._binned(params.max_bin)
        told = self._trainer.parameters(params)
        boosters = [xgboost.Booster(told, [train, scored]) for train, scored in data]
        stop = self._trainer.stopping(params)
        for place in range(self._trainer.max_rounds):
            loss = float(np.mean([_next(one, *pair, place) for one, pair in zip(boosters, data, strict=True)]))
            hears(place + 1, loss)
            if stop.after(loss):
                break
        return Search(stop.best_round, stop.best_loss, {"validation": stop.losses}), boosters

    def _bin(self, max_bin: int) -> list[tuple[xgboost.DMatrix, xgboost.DMatrix]]:
        params = BoosterParams(max_bin=max_bin)
        return [(self._trainer.quantized(params, train), self._trainer.data(scored)) for train, scored in self._folds]


def _next(booster: xgboost.Booster, train: xgboost.DMatrix, scored: xgboost.DMatrix, place: int) -> float:
    """Boost one round and give the loss on the scoring rows."""
    booster.update(train, place)
    return float(booster.eval_set([(scored, "validation")], place).rsplit(":", 1)[1])
