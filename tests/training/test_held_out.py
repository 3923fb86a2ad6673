"""The test rows of a run, written and read back."""

from __future__ import annotations

import numpy as np

from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column
from mlapi.training.dataset import Dataset
from mlapi.training.held_out import HeldOut
from mlapi.training.labels import Labels
from mlapi.training.outcome import test_rows as as_parquet


def test_cells_of_every_kind_come_back_as_the_encoder_takes_them() -> None:
    columns = (
        Column("n", ColumnKind.NUMBER, np.array([1.5, np.nan, -0.5])),
        Column("b", ColumnKind.BOOLEAN, np.array([1.0, np.nan, 0.0])),
        Column("t", ColumnKind.TEXT, np.array(["a", None, "é"], np.object_)),
        Column("d", ColumnKind.DATETIME, np.array([1_700_000_000.0, np.nan, -1.0])),
    )
    data = Dataset("t", "y", columns, Labels(("no", "yes"), np.array([0, 1, 1], np.int32)))
    found = HeldOut.from_parquet(as_parquet(data), "y")
    assert found.labels == ["no", "yes", "yes"]
    for column in columns:
        if column.kind is ColumnKind.TEXT:
            assert found.table[column.name].tolist() == column.cells.tolist()
        else:
            np.testing.assert_array_equal(found.table[column.name].astype(np.float64), column.cells)
