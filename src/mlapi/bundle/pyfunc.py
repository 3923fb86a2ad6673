"""MLflow's door to a bundle: `mlflow models serve` and `mlflow.pyfunc.load_model` give the numbers that mlapi serves.

A model version is logged with `loader_module="mlapi.bundle.pyfunc"` and the bundle's directory as `data_path`; MLflow
then calls `_load_pyfunc` and no pickle is involved. pandas is imported only when a data frame has arrived, by which
time it is there anyway.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, Protocol, runtime_checkable

import numpy as np

from mlapi.bundle.decision import shortest
from mlapi.bundle.model import Bundle, load
from mlapi.bundle.types import Cell, Row

_MISSING: Final = ("NAType", "NaTType")  # the types of pandas.NA and pandas.NaT, by name so that pandas is not imported


@runtime_checkable
class Frame(Protocol):
    """As much of pandas.DataFrame as is used."""

    def to_dict(self, orient: Literal["records"]) -> Sequence[Mapping[Any, object]]:
        """Give one mapping a row for the orientation "records"."""
        ...


class BundleModel:
    """What MLflow calls a Python model."""

    def __init__(self, bundle: Bundle) -> None:
        """Serve a verified bundle."""
        self.bundle = bundle

    def predict(self, data: Frame | Sequence[Mapping[Any, object]], params: object = None) -> object:
        """Predict a data frame or a list of rows.

        Args:
            data: columns (or keys) by feature name; None, NaN, NaT and pandas.NA are missing.
            params: MLflow's inference parameters; there are none.

        Returns:
            For a data frame a data frame with its index, otherwise a list of mappings: `prediction`, the label, and
            `probability_<label>` for each class.

        Raises:
            RowsError: cells that do not fit the schema, every one of them named.
        """
        if not isinstance(data, Frame):
            return self._answers(data)
        import pandas as pd

        return pd.DataFrame(
            self._answers(data.to_dict("records")), columns=self._columns, index=getattr(data, "index", None)
        )

    @property
    def _columns(self) -> list[str]:
        return ["prediction", *(f"probability_{name}" for name in self.bundle.decision.names)]

    def _answers(self, rows: Sequence[Mapping[Any, object]]) -> list[dict[str, object]]:
        prediction = self.bundle.predict([_row(row) for row in rows])
        columns = self._columns
        return [
            dict(zip(columns, (label, *probabilities), strict=True))
            for label, probabilities in zip(prediction.labels, shortest(prediction.probabilities), strict=True)
        ]


def _load_pyfunc(path: str) -> BundleModel:
    """Open a logged bundle for MLflow, which passes the path of its copy of `data_path`."""
    return BundleModel(load(Path(path)))


def _row(row: Mapping[Any, object]) -> Row:
    return {str(name): _cell(value) for name, value in row.items()}


def _cell(value: object) -> Cell:
    """Unwrap NumPy's scalars and give None for what pandas takes as missing."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, date) and type(value).__name__ not in _MISSING:  # pandas' Timestamp is one, NaT too
        return value.isoformat()
    if (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in _MISSING:
        return None
    return value  # type: ignore[return-value]  # any other type is refused by check_rows, with the row and the feature
