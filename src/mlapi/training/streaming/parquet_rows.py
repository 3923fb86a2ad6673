"""A Parquet file read piece by piece into typed columns, always the same pieces."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from mlapi.bundle.schema import FeatureKind
from mlapi.training.arrow_table import raw_table
from mlapi.training.columns import Column, RawColumn
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError, DataFileError, TableError, TargetError, nearest, shown
from mlapi.training.interpretation import as_column
from mlapi.training.roles import read_roles
from mlapi.training.scoring.pieces import rows_at_once
from mlapi.training.table import RawTable, check_names

BUFFER_BYTES = 1 << 20  # of a column's pages; without it a row group's whole column is read at once


class Piece(NamedTuple):
    """Some columns of rows begin … end (from 0) of a file."""

    begin: int
    end: int
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class ParquetRows:
    """The features of a file, its target and its column of weights; `kinds` are those that somebody says."""

    path: Path
    target: str
    drop: tuple[str, ...]
    kinds: Mapping[str, FeatureKind | None]
    weight: str | None = None

    @classmethod
    def of(cls, config: TrainingConfig) -> ParquetRows:
        """Take the file of a configuration.

        Raises:
            DataFileError: it cannot be read.
            DataError: a column is not there.
        """
        assert config.data is not None
        assert config.target is not None
        kinds = {name: override.kind for name, override in config.overrides.items()}
        rows = cls(Path(config.data), config.target, config.drop, kinds, config.weight)
        rows.check()
        return rows

    @cached_property
    def about(self) -> parquet.FileMetaData:
        """The file's metadata."""
        with self.opened() as file:
            return file.metadata

    @cached_property
    def schema(self) -> pa.Schema:
        """The file's columns and types."""
        with self.opened() as file:
            return file.schema_arrow

    @property
    def n_rows(self) -> int:
        """All rows of the file."""
        return int(self.about.num_rows)

    @property
    def features(self) -> list[str]:
        """The columns to learn from."""
        return [name for name in self.schema.names if name not in (self.target, self.weight, *self.drop)]

    def opened(self) -> parquet.ParquetFile:
        """Open the file.

        Raises:
            DataFileError: it cannot be read.
        """
        try:
            return parquet.ParquetFile(self.path, pre_buffer=False, buffer_size=BUFFER_BYTES)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path) from error

    def check(self) -> None:
        """See that every column that is named is there.

        Raises:
            DataError: no rows, doubled names, or no such target.
            ConfigError: a column to leave out, to weigh by or to override is not there.
        """
        names = self.schema.names
        check_names(self.path.name, names)
        if not self.n_rows:
            raise TableError(self.path.name, "the table has no rows")
        if self.target not in names:
            raise TargetError(self.target, f"{self.path.name} has no such column{nearest(self.target, names)}")
        if self.weight == self.target:
            raise ConfigError("--weight", f"{shown(self.target)} is the target")
        weight = () if self.weight is None else (self.weight,)
        for flag, wanted in (("--drop", self.drop), ("--weight", weight), ("--schema", self.kinds)):
            _check_known(flag, wanted, names, self.path.name)
        if not self.features:
            raise TableError(self.path.name, "no column is left to learn from beside the target")

    def read_target(self) -> RawColumn:
        """Read the target of all rows."""
        return self._read(self.target).columns[0]

    def read_weights(self, config: TrainingConfig, labelled: NDArray[np.intp]) -> NDArray[np.float64] | None:
        """Read what each row counts, (n_rows,), 0 without a label; None where no column says.

        Raises:
            ColumnError: a labelled row has no weight, or what is none.
        """
        if self.weight is None:
            return None
        weights = np.zeros(self.n_rows)
        weights[labelled] = read_roles(self._read(self.weight), config, labelled).weights
        return weights

    def _read(self, name: str) -> RawTable:
        try:
            with self.opened() as file:
                table = file.read(columns=[name])
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path) from error
        return raw_table(self.path.name, table)

    def pieces(self, groups: Collection[int] | None = None) -> Iterator[Piece]:
        """Give the features' cells in the file's order.

        Args:
            groups: numbers of the row groups to read, ascending; all of them if None.

        Raises:
            DataFileError: the file cannot be read.
            ColumnError: a cell is infinite, or a column of a type that cannot be learned from.
        """
        size = rows_at_once(len(self.features))
        try:
            with self.opened() as file:
                for group in range(self.about.num_row_groups) if groups is None else groups:
                    begin = self.starts[group]
                    for batch in file.iter_batches(batch_size=size, row_groups=[group], columns=self.features):
                        yield Piece(begin, begin + batch.num_rows, self._typed(batch))
                        begin += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path) from error

    @cached_property
    def starts(self) -> list[int]:
        """The number of each row group's first row, and of the row after the last."""
        sizes = [self.about.row_group(group).num_rows for group in range(self.about.num_row_groups)]
        return [0, *np.cumsum(sizes, dtype=np.int64).tolist()]

    def _typed(self, batch: pa.RecordBatch) -> tuple[Column, ...]:
        raw = raw_table(self.path.name, pa.Table.from_batches([batch]))
        return tuple(as_column(column, self._kind(column.name)) for column in raw.columns)

    def _kind(self, name: str) -> FeatureKind | None:
        """Give what a column is; text is said to be, for a piece without a cell would not look so."""
        kind = self.schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        return self.kinds.get(name) or (FeatureKind.CATEGORICAL if is_text else None)


def _check_known(flag: str, wanted: Collection[str], names: list[str], source: str) -> None:
    for name in wanted:
        if name not in names:
            raise ConfigError(flag, f"{source} has no column {shown(name)}{nearest(name, names)}")


def _unreadable(path: Path) -> DataFileError:
    return DataFileError(path, "cannot be read as a Parquet file; the file may be cut off or of another kind")
