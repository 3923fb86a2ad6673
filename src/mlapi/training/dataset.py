"""A table made ready to learn from: typed columns, labels, and a fingerprint of the whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.schema import FeatureKind
from mlapi.bundle.types import Table
from mlapi.training.columns import Column, RawColumn
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ColumnError, ConfigError, TableError, count_of, nearest, shown
from mlapi.training.formats import read_file
from mlapi.training.interpretation import as_column, lost_cells, mixture
from mlapi.training.labels import Labels, read_known_labels, read_labels
from mlapi.training.roles import Roles, apart, check_roles, read_roles
from mlapi.training.sklearn_sets import TARGET, load_set
from mlapi.training.table import RawTable

KINDS = {
    ColumnKind.NUMBER: FeatureKind.NUMERIC,
    ColumnKind.TEXT: FeatureKind.CATEGORICAL,
    ColumnKind.BOOLEAN: FeatureKind.BOOLEAN,
    ColumnKind.DATETIME: FeatureKind.DATETIME,
}


@dataclass(frozen=True)
class Dataset:
    """Features and labels of n_rows labelled rows; `notes` tell what was done to get there."""

    name: str
    target: str
    columns: tuple[Column, ...]
    labels: Labels
    notes: tuple[str, ...] = ()
    roles: Roles = field(default_factory=Roles)

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.labels.codes)

    @property
    def table(self) -> Table:
        """The features' cells by name."""
        return {column.name: column.cells for column in self.columns}

    def take(self, rows: NDArray[np.intp]) -> Dataset:
        """Give the same table with these rows only, in this order."""
        columns = tuple(column.take(rows) for column in self.columns)
        return Dataset(self.name, self.target, columns, self.labels.take(rows), self.notes, self.roles.take(rows))

    def fingerprint(self) -> str:
        """Give the sha256 (hex) over names, kinds, cells and labels; NaN is one value, whatever the file's format."""
        digest = hashlib.sha256()
        for column in self.columns:
            digest.update(msgspec.json.encode([column.name, str(column.kind)]))
            digest.update(cell_bytes(column))
        digest.update(msgspec.json.encode([self.target, list(self.labels.classes)]))
        digest.update(self.labels.codes.tobytes())
        digest.update(self.roles.in_bytes)
        return digest.hexdigest()


def cell_bytes(column: Column) -> bytes:
    """Give cells for a fingerprint; NaN is one value."""
    if column.kind is ColumnKind.TEXT:
        return msgspec.json.encode(column.cells.tolist())
    cells = column.cells.astype(np.float64)
    return np.where(np.isnan(cells), np.nan, cells).tobytes()


class DataLoader:
    """Reads the tables that a configuration names, and checks them before anything is trained."""

    def __init__(self, config: TrainingConfig, table: RawTable | None = None) -> None:
        """Take the configuration, and the training table itself where it is in memory."""
        self._config = config
        self._table = table
        self._target = config.target or TARGET

    def load(self) -> Dataset:
        """Read the training table.

        Raises:
            DataError: the table cannot be trained on; the line says why and what to do.
            ConfigError: a parameter does not fit the table.
        """
        raw = self._read()
        raw.column(self._target)  # a wrong target is told before a wrong --drop
        check_roles(raw, self._config)
        whole, raw = raw, raw.without(apart(self._config))
        self._check_overrides(raw)
        labels = read_labels(raw.column(self._target), self._config.positive)
        roles = read_roles(whole, self._config, labels.known)
        kinds = {name: override.kind for name, override in self._config.overrides.items()}
        return self._dataset(raw, labels, roles, kinds)

    def load_test(self, training: Dataset, path: Path) -> Dataset:
        """Read a test file into the training table's columns, kinds and classes.

        Raises:
            DataError: other columns, other labels, or cells that do not fit the kinds.
        """
        raw = read_file(path)
        whole, raw = raw, raw.without([name for name in apart(self._config) if name in raw.names])
        _check_same_columns(raw, {column.name for column in training.columns} | {self._target})
        labels = read_known_labels(raw.column(self._target), training.labels.classes)
        ordered = tuple(raw.column(name) for name in (*(one.name for one in training.columns), self._target))
        found = self._dataset(
            RawTable(raw.source, ordered, raw.n_rows, raw.notes),
            labels,
            read_roles(whole, self._config, labels.known),
            {one.name: KINDS[one.kind] for one in training.columns},
        )
        for ours, theirs in zip(found.columns, training.columns, strict=True):
            if ours.kind is not theirs.kind:
                raise ColumnError(
                    ours.name, f"{ours.kind} cells in the test file, {theirs.kind} cells in the training table"
                )
        return found

    def _read(self) -> RawTable:
        if self._table is not None:
            return self._table
        if self._config.data is not None:
            return read_file(Path(self._config.data))
        return load_set(self._config.dataset or "")

    def _dataset(self, raw: RawTable, labels: Labels, roles: Roles, kinds: Mapping[str, FeatureKind | None]) -> Dataset:
        cells = [column for column in raw.columns if column.name != self._target]
        if not cells:
            raise TableError(raw.source, "no column is left to learn from beside the target")
        features = tuple(as_column(column, kinds.get(column.name)) for column in cells)
        pairs = list(zip(cells, features, strict=True))
        notes = [*raw.notes, *(self._lost(*pair) for pair in pairs if lost_cells(*pair))]
        notes += [note for pair in pairs if pair[0].name not in kinds and (note := mixture(*pair))]
        n_unlabelled = raw.n_rows - len(labels.known)
        if n_unlabelled:
            notes.append(
                f"left out {count_of(n_unlabelled, 'row')} of {raw.source} without a label in {shown(self._target)}"
            )
        known = labels.known
        columns = tuple(column.take(known) for column in features)
        return Dataset(raw.source, self._target, columns, labels.take(known), tuple(notes), roles)

    def _lost(self, raw: RawColumn, column: Column) -> str:
        """Give the note of text that was read as missing, where the configuration says so."""
        lost = count_of(lost_cells(raw, column), "cell")
        if raw.name not in self._config.overrides:
            raise ColumnError(
                raw.name, f"the test file has {lost} of text where the training table has {column.kind}s; correct it"
            )
        return f"read {lost} of text in {shown(raw.name)} as missing"

    def _check_overrides(self, raw: RawTable) -> None:
        for name in self._config.overrides:
            if name not in raw.names or name == self._target:
                raise ConfigError("--schema", f"{raw.source} has no feature {shown(name)}{nearest(name, raw.names)}")


def _check_same_columns(raw: RawTable, wanted: set[str]) -> None:
    missing = sorted(wanted - set(raw.names))
    if missing:
        raise TableError(
            raw.source, f"the test file lacks the column {shown(missing[0])}{nearest(missing[0], raw.names)}"
        )
    further = sorted(set(raw.names) - wanted)
    if further:
        raise TableError(
            raw.source,
            f"the test file has a column {shown(further[0])} that the training table lacks; leave it out (--drop)",
        )
