"""What a configuration asks of the evaluation, checked against the table before anything is trained."""

from __future__ import annotations

from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError
from mlapi.training.preparation import Prepared
from mlapi.training.refolding import folds_of
from mlapi.training.slices import check_slices


def check_wishes(config: TrainingConfig, prepared: Prepared) -> None:
    """Refuse what cannot be had of this table, before anything is trained.

    Raises:
        ConfigError: a threshold or a curve is asked for and there are more than two classes, a slice by no column, more
            folds than a class has rows.
    """
    check_slices(prepared.test, config.slices)
    if config.cv:
        folds_of(prepared.data, config)
    n_classes = len(prepared.data.labels.classes)
    if n_classes == 2:
        return
    if config.threshold_objective is not None:
        raise ConfigError("--threshold-objective", f"a threshold needs two classes; the target has {n_classes}")
    if config.calibrate in ("isotonic", "platt"):
        raise ConfigError("--calibrate", f"only two classes can be calibrated; the target has {n_classes}")
