"""A table made ready to learn from: typed columns, labels, and a fingerprint of the whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.profile import ColumnKind, FeatureOverride
from mlapi.bundle.schema import FeatureKind
from mlapi.bundle.types import Label, Table
from mlapi.training.columns import Column, as_column
from mlapi.training.config import TrainingConfig
from mlapi.training.csv_file import read_csv
from mlapi.training.errors import ConfigError, DataFileError, TableError, nearest, shown
from mlapi.training.labels import Labels, read_known_labels, read_labels
from mlapi.training.parquet_file import read_parquet
from mlapi.training.sklearn_sets import TARGET, load_set
from mlapi.training.table import RawTable

PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Dataset:
    """Features and labels of n_rows labelled rows; `notes` tell what was done to get there."""

    name: str
    target: str
    columns: tuple[Column, ...]
    labels: Labels
    notes: tuple[str, ...] = ()

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
        return Dataset(self.name, self.target, columns, self.labels.take(rows), self.notes)

    def fingerprint(self) -> str:
        """Give the sha256 (hex) over names, kinds, cells and labels; NaN is one value, the file's format does not count."""
        digest = hashlib.sha256()
        for column in self.columns:
            digest.update(msgspec.json.encode([column.name, str(column.kind)]))
            digest.update(_cell_bytes(column))
        digest.update(msgspec.json.encode([self.target, list(self.labels.classes)]))
        digest.update(self.labels.codes.tobytes())
        return digest.hexdigest()


def _cell_bytes(column: Column) -> bytes:
    if column.kind is ColumnKind.TEXT:
        return msgspec.json.encode(column.cells.tolist())
    cells = column.cells.astype(np.float64)
    return np.where(np.isnan(cells), np.nan, cells).tobytes()


class DataLoader:
    """Reads the tables that a configuration names, and checks them before anything is trained."""

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._target = config.target or TARGET

    def load(self) -> Dataset:
        """Read the training table.

        Raises:
            DataError: the table cannot be trained on; the line says why and what to do.
            ConfigError: a parameter does not fit the table.
        """
        raw = load_set(self._config.dataset) if self._config.data is None else read_file(self._config.data)  # type: ignore[arg-type] # one of the two is set
        raw.column(self._target)  # a wrong target is told before a wrong --drop
        raw = raw.without(self._config.drop)
        self._check_overrides(raw)
        labels = read_labels(raw.column(self._target), self._config.positive)
        kinds = {name: override.kind for name, override in self._config.overrides.items()}
        return self._dataset(raw, labels, kinds)

    def load_test(self, training: Dataset) -> Dataset:
        """Read the test file into the training table's kinds and classes.

        Raises:
            DataError: other columns, other labels, or cells that do not fit the kinds.
        """
        assert self._config.test is not None
        raw = read_file(self._config.test)
        raw = raw.without([name for name in self._config.drop if name in raw.names])
        wanted = {column.name for column in training.columns} | {self._target}
        _check_same_columns(raw, wanted)
        labels = read_known_labels(raw.column(self._target), training.labels.classes)
        found = self._dataset(raw, labels, {column.name: _kind_of(column) for column in training.columns})
        by_name = {column.name: column for column in found.columns}
        return Dataset(
            found.name,
            found.target,
            tuple(by_name[column.name] for column in training.columns),
            found.labels,
            found.notes,
        )

    def _dataset(self, raw: RawTable, labels: Labels, kinds: Mapping[str, FeatureKind | None]) -> Dataset:
        features = tuple(
            as_column(column, kinds.get(column.name)) for column in raw.columns if column.name != self._target
        )
        if not features:
            raise TableError(raw.source, "no column is left to learn from beside the target")
        whole = Dataset(raw.source, self._target, features, labels, raw.notes)
        unlabelled = whole.n_rows - len(labels.known)
        if not unlabelled:
            return whole
        note = f"{raw.source}: {unlabelled} of {whole.n_rows} rows have no label in {shown(self._target)} and were left out"
        kept = whole.take(labels.known)
        return Dataset(kept.name, kept.target, kept.columns, kept.labels, (*kept.notes, note))

    def _check_overrides(self, raw: RawTable) -> None:
        for name in self._config.overrides:
            if name not in raw.names or name == self._target:
                raise ConfigError("--schema", f"{raw.source} has no feature {shown(name)}{nearest(name, raw.names)}")


def read_file(path: Path) -> RawTable:
    """Read a CSV or a Parquet file; a Parquet file is known by its first bytes, whatever its name.

    Raises:
        DataFileError: missing, a directory, or unreadable.
    """
    if path.is_dir():
        raise DataFileError(path, "is a directory; name one file")
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except FileNotFoundError as error:
        raise DataFileError(path, "no such file") from error
    except OSError as error:
        raise DataFileError(path, f"cannot be read: {error.strerror}") from error
    return read_parquet(path) if start == PARQUET_MAGIC else read_csv(path)


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


def _kind_of(column: Column) -> FeatureKind:
    kinds = {
        ColumnKind.NUMBER: FeatureKind.NUMERIC,
        ColumnKind.TEXT: FeatureKind.CATEGORICAL,
        ColumnKind.BOOLEAN: FeatureKind.BOOLEAN,
    }
    return kinds[column.kind]


def label_text(label: Label) -> str:
    """Give a label as JSON would spell it: true, 1, <=50K."""
    return str(label).lower() if isinstance(label, bool) else str(label)
