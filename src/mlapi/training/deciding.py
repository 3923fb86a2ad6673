"""How margins become labels: the calibration and the threshold, both chosen on the validation rows."""

from __future__ import annotations

from dataclasses import dataclass

from mlapi.bundle.decision import Decision
from mlapi.training.boosting import Boosted
from mlapi.training.calibration import calibrate
from mlapi.training.config import TrainingConfig
from mlapi.training.preparation import Prepared
from mlapi.training.threshold import choose_threshold, read_objective


@dataclass(frozen=True)
class Decided:
    """The decision, and how it came about.

    `objective` is what the threshold was chosen for; empty where it was not. `losses` are the cross-fitted log losses
    on validation of no curve ("none") and of each kind of curve that was tried; empty where none was.
    """

    decision: Decision
    objective: str
    losses: dict[str, float]

    @property
    def kind(self) -> str:
        """The calibration's kind: none, platt or isotonic."""
        return str(self.decision.calibration.__struct_config__.tag)


def decide(prepared: Prepared, boosted: Boosted, config: TrainingConfig) -> Decided:
    """Choose the curve and then the threshold of what it gives, by the booster that has not seen the validation rows.

    Raises:
        ConfigError: no threshold reaches what the objective asks for.
    """
    classes = prepared.data.labels.classes
    margin, rows = boosted.search.margin, prepared.data.take(prepared.split.validation)
    codes, weights = rows.labels.codes, rows.roles.weights
    assert margin is not None  # early stopping looked at these rows
    found = calibrate(margin, codes, classes, config.calibrate, config.seed, weights)
    decision = Decision(classes=classes, calibration=found.calibration)
    if config.threshold_objective is None:
        return Decided(decision, "", found.losses)
    objective = read_objective(config.threshold_objective)
    threshold = choose_threshold(objective, codes, decision.calibrated(margin)[:, 1], weights)
    chosen = Decision(classes=classes, calibration=found.calibration, threshold=threshold)
    return Decided(chosen, objective.text, found.losses)
