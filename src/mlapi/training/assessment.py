"""All that is known of how good a model is: its figures, the baselines', those of parts, and how it decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from mlapi.bundle.decision import class_name
from mlapi.training.deciding import Decided
from mlapi.training.evaluation import Evaluation, Figures
from mlapi.training.slices import Slice

DIGITS = 6  # of a figure in a file: the last bits of a sum depend on the processor
FORBIDDEN = re.compile(r"[^A-Za-z0-9_. -]")  # what a part of MLflow's metric names may not hold
PART_LENGTH = 60


@dataclass(frozen=True)
class Assessment:
    """What was found on the test rows.

    Attributes:
        evaluation: of the model.
        decided: how the threshold and the calibration were chosen.
        baselines: the same figures of what the model must beat, by name.
        slices: figures of the parts that were asked for.
        folds: figures of a cross-validation of the same procedure, one mapping a fold; empty where none was asked for.
    """

    evaluation: Evaluation
    decided: Decided
    baselines: Mapping[str, Figures] = field(default_factory=dict)
    slices: tuple[Slice, ...] = ()
    folds: tuple[dict[str, float], ...] = ()

    @property
    def metrics(self) -> dict[str, float]:
        """The model's figures, and the baselines' as `<baseline>_<figure>`."""
        return {f"{prefix}{name}": one for prefix, found in self._tables() for name, one in found.metrics.items()}

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """The interval of each of the `metrics`."""
        return {f"{prefix}{name}": one for prefix, found in self._tables() for name, one in found.intervals.items()}

    def for_mlflow(self) -> dict[str, float]:
        """Give every figure under a name that MLflow takes; `_low` and `_high` behind it are its interval's ends."""
        named: dict[str, float] = {}
        for place, found in self._places():
            for name, value in found.metrics.items():
                low, high = found.intervals[name]
                key = _free(f"{place}{name}", named)
                named |= {key: value, f"{key}_low": low, f"{key}_high": high}
        return named | {f"cv_{name}": value for name, value in self.fold_means().items()}

    def fold_means(self) -> dict[str, float]:
        """Give each figure's mean over the folds of the cross-validation."""
        names = [name for name in (self.folds[0] if self.folds else {}) if all(name in fold for fold in self.folds)]
        return {name: sum(fold[name] for fold in self.folds) / len(self.folds) for name in names}

    def to_json(self) -> bytes:
        """Give everything as JSON; equal models give equal bytes."""
        whole = {
            **_plain(self.evaluation),
            "confusion": self.evaluation.confusion.tolist(),
            "classes": [{"label": one.label, **_plain(one.figures)} for one in self.evaluation.per_class],
            "baselines": {name: _plain(found) for name, found in self.baselines.items()},
            "slices": [{"feature": one.feature, "group": one.group, **_plain(one.figures)} for one in self.slices],
            "folds": [{name: round(value, DIGITS) for name, value in fold.items()} for fold in self.folds],
            "decision": {
                "threshold": self.decided.decision.threshold,
                "objective": self.decided.objective,
                "calibration": self.decided.kind,
                "validation_log_loss": {name: round(loss, DIGITS) for name, loss in self.decided.losses.items()},
            },
        }
        return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"

    def _tables(self) -> Iterator[tuple[str, Figures]]:
        yield "", self.evaluation
        for name, found in self.baselines.items():
            yield f"{name}_", found

    def _places(self) -> Iterator[tuple[str, Figures]]:
        for prefix, found in self._tables():
            yield f"test_{prefix}", found
        for one in self.evaluation.per_class:
            yield f"class/{_part(class_name(one.label))}/", one.figures
        for part in self.slices:
            yield f"slice/{_part(part.feature)}/{_part(part.group)}/", part.figures


def _plain(found: Figures) -> dict[str, object]:
    return {
        "n_rows": found.n_rows,
        "metrics": {name: round(value, DIGITS) for name, value in found.metrics.items()},
        "intervals": {name: [round(bound, DIGITS) for bound in pair] for name, pair in found.intervals.items()},
    }


def _part(name: str) -> str:
    """Give a name as MLflow takes one between slashes."""
    return FORBIDDEN.sub("_", name).strip(" .")[:PART_LENGTH] or "_"


def _free(name: str, taken: dict[str, float]) -> str:
    """Give the name, with a number behind it where another name is spelled the same by now."""
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
