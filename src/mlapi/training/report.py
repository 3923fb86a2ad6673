"""What training found in the data and did with it: lines for a person, and the same as JSON among the run's files."""

from __future__ import annotations

import msgspec
import numpy as np

from mlapi.bundle.decision import class_name
from mlapi.bundle.profile import ColumnKind, LeftOut
from mlapi.bundle.schema import FeatureSchema, OnUnknownCategory
from mlapi.training.columns import Column
from mlapi.training.dataset import Dataset
from mlapi.training.errors import count_of, shown
from mlapi.training.preprocessing import Preprocessing
from mlapi.training.split import Split


class ColumnReport(msgspec.Struct, frozen=True):
    """One column as it was read: number, text or boolean; missing cells and distinct values over all rows."""

    name: str
    kind: str
    n_missing: int
    n_distinct: int


class DataReport(msgspec.Struct, frozen=True):
    """What was found in a table.

    Attributes:
        source: the file or dataset.
        target: the column that is predicted.
        n_rows: labelled rows of the training table.
        parts: rows of train, validation and test.
        classes: rows of each class in the training table.
        columns: every column but the target and those left out by name.
        left_out: columns that are no features, with the reason.
        unseen_categories: cells of the test rows, by feature, whose category training had not seen.
        notes: what else was done.
    """

    source: str
    target: str
    n_rows: int
    parts: dict[str, int]
    classes: dict[str, int]
    columns: tuple[ColumnReport, ...]
    left_out: tuple[LeftOut, ...]
    unseen_categories: dict[str, int]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """Give the lines that a person should see."""
        parts = ", ".join(f"{count} {name}" for name, count in self.parts.items())
        head = f"{self.source}: {self.n_rows} rows, {len(self.classes)} classes of {shown(self.target)} ({parts})"
        left_out = [f"left out {shown(one.name)}: {one.reason}" for one in self.left_out]
        unseen = [
            f"{shown(name)}: {count_of(count, 'test cell')} with a category that training had not seen, read as missing"
            for name, count in self.unseen_categories.items()
        ]
        return [head, *left_out, *self.notes, *unseen]

    def to_json(self) -> bytes:
        """Give the report as JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def report_on(data: Dataset, split: Split, test: Dataset, fitted: Preprocessing) -> DataReport:
    """Describe a table, its split, and what its test rows hold that training did not see."""
    counts = data.labels.counts().tolist()
    return DataReport(
        source=data.name,
        target=data.target,
        n_rows=data.n_rows,
        parts={"train": len(split.train), "validation": len(split.validation), "test": test.n_rows},
        classes={class_name(label): count for label, count in zip(data.labels.classes, counts, strict=True)},
        columns=tuple(_column_report(column) for column in data.columns),
        left_out=fitted.left_out,
        unseen_categories=_unseen(fitted.schema, test),
        notes=data.notes if test.name == data.name else (*data.notes, *test.notes),
    )


def _column_report(column: Column) -> ColumnReport:
    known = [cell for cell in column.cells.tolist() if cell is not None and cell == cell]
    return ColumnReport(column.name, str(column.kind), len(column.cells) - len(known), len(set(known)))


def _unseen(schema: FeatureSchema, test: Dataset) -> dict[str, int]:
    found = {}
    for column in test.columns:
        if column.kind is ColumnKind.TEXT and column.name in schema.names:
            feature = schema.feature(column.name)
            if feature.on_unknown is OnUnknownCategory.OTHER:
                continue  # training had others too
            known = {*feature.categories, None}
            found[column.name] = int(np.sum([cell not in known for cell in column.cells]))
    return {name: count for name, count in found.items() if count}
