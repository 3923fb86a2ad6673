"""What a data scientist writes around the booster, the same for every server: rows to a frame, frame to numbers."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from xgboost import XGBClassifier

MODEL = Path(os.environ["PEER_MODEL"])
FEATURES: dict[str, list[str] | None] = json.loads((MODEL / "features.json").read_text())
TYPES = {name: pd.CategoricalDtype(levels) if levels else "float64" for name, levels in FEATURES.items()}
LABELS = np.array(["no", "yes"])


def classifier() -> XGBClassifier:
    """Load the booster. One thread: two for one row wait for each other longer than they work."""
    model = XGBClassifier(enable_categorical=True, n_jobs=1)
    model.load_model(MODEL / "model.ubj")
    return model


def frame_of(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Give the rows as a frame with a column a feature, in the booster's order."""
    return typed(pd.DataFrame(rows, columns=list(FEATURES)))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(TYPES)


def answer(probabilities: np.ndarray) -> dict[str, list]:
    """Give labels and the probability of the second class."""
    return {"predictions": LABELS[probabilities.argmax(axis=1)].tolist(), "probabilities": probabilities[:, 1].tolist()}
