"""One answered row, as a record (nothing writes it yet)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mlapi.bundle.types import Cell, Label


@dataclass(frozen=True)
class PredictionRecord:
    """What was asked, what was answered, by which model version.

    Attributes:
        row: the cells as they came.
        probabilities: by class name.
        duration_ms: of the whole request that the row was part of.
    """

    request_id: str
    at: datetime
    key_id: str
    model_name: str
    model_version: str
    row: Mapping[str, Cell]
    prediction: Label
    probabilities: Mapping[str, float]
    duration_ms: float
