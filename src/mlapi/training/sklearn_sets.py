"""The four classification tables inside scikit-learn; they need no network."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column, RawColumn, text_column
from mlapi.training.errors import ConfigError, nearest, shown
from mlapi.training.table import RawTable

NAMES = ("breast_cancer", "wine", "iris", "digits")
TARGET = "target"


def load_set(name: str) -> RawTable:
    """Give a table with scikit-learn's feature names and a column `target`.

    The labels are scikit-learn's target names, digits' are integers.

    Raises:
        ConfigError: there is no such table.
    """
    if name not in NAMES:
        raise ConfigError("--dataset", f"no dataset {shown(name)}; there are {', '.join(NAMES)}{nearest(name, NAMES)}")
    import sklearn.datasets  # half a second, and only these four tables need it

    found = getattr(sklearn.datasets, f"load_{name}")()
    columns: list[RawColumn] = [
        Column(str(feature), ColumnKind.NUMBER, np.ascontiguousarray(cells, dtype=np.float64))
        for feature, cells in zip(found.feature_names, found.data.T, strict=True)
    ]
    spelled = np.asarray(found.target_names)[found.target].astype(str)
    columns.append(text_column(TARGET, pa.array(spelled.tolist())))
    return RawTable(name, tuple(columns), len(found.target))
