"""What a worker of a search is told: the study, what to try, and the rows in a file beside it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mlapi.training.booster_params import BoosterParams
from mlapi.training.cross_validation import CrossValidation
from mlapi.training.folds import Parts
from mlapi.training.search_space import SearchRange
from mlapi.training.study import StudyPlace
from mlapi.training.trainer import Fold, ModelTrainer
from mlapi.training.tuning import Budget, HyperparameterOptimizer


class SearchJob(msgspec.Struct, frozen=True):
    """Everything that makes the same optimizer in another process; JSON, never a pickle.

    `trainer` holds the arguments of `ModelTrainer`, `rows` the path of a file that `save_rows` has written, `threads`
    what this process may take of the machine, and `worker` is its number, from 1.
    """

    rows: str
    trainer: dict[str, Any]
    start: dict[str, float]
    space: dict[str, dict[str, Any]]
    seed: int
    folder: str
    name: str
    database: str | None
    trials: int
    timeout_s: float | None
    worker: int = 1

    def optimizer(self) -> HyperparameterOptimizer:
        """Make the optimizer of this worker."""
        rows, parts = load_rows(Path(self.rows))
        given = self.trainer | {"column_types": tuple(self.trainer["column_types"])}
        return HyperparameterOptimizer(
            CrossValidation(ModelTrainer(**given), rows, parts),
            BoosterParams.model_validate(self.start),
            seed=self.seed,
            space={name: SearchRange.model_validate(one) for name, one in self.space.items()},
            worker=self.worker,
        )

    @property
    def place(self) -> StudyPlace:
        """Where the study is."""
        return StudyPlace(Path(self.folder), self.name, self.database)

    @property
    def budget(self) -> Budget:
        """When to end."""
        return Budget(self.trials, self.timeout_s)


def save_rows(path: Path, rows: Fold, parts: Parts) -> None:
    """Write rows and their folds as one `.npz` file."""
    arrays = {one.name: getattr(rows, one.name) for one in fields(rows) if getattr(rows, one.name) is not None}
    for number, (train, scored) in enumerate(parts):
        arrays |= {f"train_{number}": train, f"scored_{number}": scored}
    np.savez(path, **arrays)


def load_rows(path: Path) -> tuple[Fold, Parts]:
    """Read what `save_rows` has written."""
    with np.load(path, allow_pickle=False) as file:
        rows = Fold(**{one.name: file[one.name] for one in fields(Fold) if one.name in file})
        count = sum(name.startswith("train_") for name in file)
        return rows, [(file[f"train_{number}"], file[f"scored_{number}"]) for number in range(count)]
