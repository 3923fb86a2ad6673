"""What training found in the data before it trained, and did with it: a few lines for a person, everything as JSON."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from mlapi.bundle.decision import class_name
from mlapi.bundle.profile import ColumnKind, LeftOut
from mlapi.bundle.schema import FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.training.columns import Column
from mlapi.training.dataset import Dataset
from mlapi.training.errors import count_of, shown
from mlapi.training.fingerprints import SeenRows
from mlapi.training.preprocessing import Grouped, Preprocessing
from mlapi.training.split import Split
from mlapi.training.suspects import Suspect, suspects

NAMED = 5  # of a list in a line; the report has all
RARE_ROWS = 20  # test figures of a class with fewer mean little: one row more or less is five hundredths of its recall
ROW_NUMBERS = 100  # rows above which whole numbers without a gap or a repetition number the rows
IDENTIFIER = "identifier"  # in the reasons of `bundle.inference`
KEEP = 'such text is kept by kind = "categorical" in a file given with --schema; free text cannot be learned from'
LEAKED_SHARE = 0.01  # of the test rows; fewer equal rows change no figure that can be told from chance


class ColumnReport(msgspec.Struct, frozen=True):
    """One column as it was read.

    Attributes:
        name: the column's.
        kind: number, text, boolean or datetime.
        feature: what the feature is; empty for a column that is none.
        n_missing: missing cells over all rows.
        n_distinct: distinct values over all rows.
        row_number: whole numbers that all differ and leave hardly a gap, as those of rows do.
    """

    name: str
    kind: str
    feature: str
    n_missing: int
    n_distinct: int
    row_number: bool = False


class DataReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a table.

    Attributes:
        source: the file or dataset.
        target: the column that is predicted.
        n_rows: labelled rows of the training table.
        parts: rows of train, validation and test.
        classes: rows of each class in the training table.
        rare_classes: those with fewer than 20 rows.
        columns: every column but the target and those left out by name.
        left_out: columns that are no features, with the reason.
        suspects: features that alone tell the classes apart.
        grouped: by feature, categories that are one because they are rare.
        repeated_rows: rows of the training table that equal an earlier one in every feature.
        leaked_rows: test rows that equal a row of train or validation in every feature.
        unseen_categories: cells of the test rows, by feature, whose category training had not seen.
        notes: what else was done.
    """

    source: str
    target: str
    n_rows: int
    parts: dict[str, int]
    classes: dict[str, int]
    rare_classes: tuple[str, ...]
    columns: tuple[ColumnReport, ...]
    left_out: tuple[LeftOut, ...]
    suspects: tuple[Suspect, ...]
    grouped: dict[str, Grouped]
    repeated_rows: int
    leaked_rows: int
    unseen_categories: dict[str, int]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """Give the lines that a person should see: what there is, what was done, and what to look at."""
        return [*self._found(), *self.done(), *(f"look at this: {warning}" for warning in self.warnings())]

    def warnings(self) -> Iterator[str]:
        """Give what a person should look at."""
        for one in self.suspects:
            remedy = f"if it is not known when predicting, --drop {one.feature!r}"
            yield f"{shown(one.feature)} {one.reason}; {remedy}"
        for column in self.columns:
            if column.row_number and column.feature:
                yield f"{shown(column.name)} looks like a number of the row; if it is one, --drop {column.name!r}"
        share = self.leaked_rows / self.parts["test"]
        if share >= LEAKED_SHARE:
            rows = f"{count_of(self.leaked_rows, 'test row')} ({share:.1%})"
            yield f"in every feature, {rows} equal one that trains; if they are copies, keep them together with --group"
        for name in self.rare_classes:
            yield f"class {shown(name)} has {count_of(self.classes[name], 'row')}: its figures mean little"

    def to_json(self) -> bytes:
        """Give the report as JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    def _found(self) -> Iterator[str]:
        parts = ", ".join(f"{count} {name}" for name, count in self.parts.items())
        yield f"{self.source}: {self.n_rows} rows, {len(self.classes)} classes of {shown(self.target)} ({parts})"
        shares = [f"{shown(name)} {count / self.n_rows:.1%}" for name, count in self.classes.items()]
        yield f"classes: {_some(shares, 10)}"
        kinds = [column.feature for column in self.columns if column.feature]
        counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in FeatureKind if kind in kinds)
        yield f"{count_of(len(kinds), 'feature')}: {counted}"
        gaps = sorted((column for column in self.columns if column.n_missing), key=lambda one: -one.n_missing)
        named = [f"{shown(one.name)} {one.n_missing / self.n_rows:.1%}" for one in gaps if one.feature]
        if named:
            yield f"missing cells: {_some(named)}"

    def done(self) -> Iterator[str]:
        """Give what was done with the columns and the cells."""
        for one in self.left_out:
            yield f"left out {shown(one.name)}: {one.reason}"
        if any(IDENTIFIER in one.reason for one in self.left_out):
            yield KEEP
        for name, group in self.grouped.items():
            rare = f"{group.n_categories} rare categories ({count_of(group.n_rows, 'training row')})"
            yield f"{shown(name)}: {rare} are one, and so is any that training had not seen"
        yield from self.notes
        for name, count in self.unseen_categories.items():
            cells = count_of(count, "test cell")
            yield f"{shown(name)}: {cells} with a category that training had not seen, read as missing"


def report_on(data: Dataset, split: Split, test: Dataset, fitted: Preprocessing, seed: int = 0) -> DataReport:
    """Describe a table, its split, and what its test rows hold that training did not see."""
    counts = data.labels.counts().tolist()
    classes = {class_name(label): count for label, count in zip(data.labels.classes, counts, strict=True)}
    names, schema = fitted.schema.names, fitted.schema
    seen = data.take(np.concatenate([split.train, split.validation]))
    rows = SeenRows.of({name: seen.table[name] for name in names})
    return DataReport(
        source=data.name,
        target=data.target,
        n_rows=data.n_rows,
        parts={"train": len(split.train), "validation": len(split.validation), "test": test.n_rows},
        classes=classes,
        rare_classes=tuple(name for name, count in classes.items() if count < RARE_ROWS),
        columns=tuple(_column_report(column, schema) for column in data.columns),
        left_out=fitted.left_out,
        suspects=suspects(data.take(split.train), names, seed),
        grouped=dict(fitted.grouped),
        repeated_rows=data.n_rows - len(SeenRows.of({name: data.table[name] for name in names}).fingerprints),
        leaked_rows=int(rows.holds(test.table).sum()),
        unseen_categories=_unseen(schema, test),
        notes=_notes(data, test, fitted),
    )


def _notes(data: Dataset, test: Dataset, fitted: Preprocessing) -> tuple[str, ...]:
    """Give what was noted when reading; what was made of the cells of a column that is left out does not matter."""
    notes = data.notes if test.name == data.name else (*data.notes, *test.notes)
    beside = tuple(f"took {shown(one.name)} " for one in fitted.left_out)
    return tuple(note for note in notes if not note.startswith(beside))


def _column_report(column: Column, schema: FeatureSchema) -> ColumnReport:
    known = [cell for cell in column.cells.tolist() if cell is not None and cell == cell]
    distinct = set(known)
    n_missing = len(column.cells) - len(known)
    numbers = column.kind is ColumnKind.NUMBER and len(distinct) == len(column.cells) > ROW_NUMBERS
    dense = numbers and all(map(float.is_integer, known)) and max(known) - min(known) < 2 * len(known)
    feature = str(schema.feature(column.name).kind) if column.name in schema else ""
    return ColumnReport(column.name, str(column.kind), feature, n_missing, len(distinct), bool(dense))


def _unseen(schema: FeatureSchema, test: Dataset) -> dict[str, int]:
    found = {}
    for column in test.columns:
        if column.kind is ColumnKind.TEXT and column.name in schema:
            feature = schema.feature(column.name)
            if feature.on_unknown is OnUnknownCategory.OTHER:
                continue  # training had others too
            known = {*feature.categories, None}
            found[column.name] = int(np.sum([cell not in known for cell in column.cells]))
    return {name: count for name, count in found.items() if count}


def _some(words: list[str], most: int = NAMED) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
