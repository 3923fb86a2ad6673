"""Columns with another part than being learned from: what a row counts, whose it is, and when it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import RawColumn, TextColumn
from mlapi.training.errors import ColumnError, ConfigError, count_of, nearest, shown
from mlapi.training.interpretation import as_column
from mlapi.training.table import RawTable

if TYPE_CHECKING:
    from mlapi.training.config import TrainingConfig


@dataclass(frozen=True)
class Roles:
    """For each of n_rows rows; None where no column has the part.

    Attributes:
        weights: float64, what a row counts: 0 or more.
        groups: which group a row belongs to, numbered from 0; no group may stand on two sides of a split.
        times: float64, when a row was: any number that grows.
    """

    weights: NDArray[np.float64] | None = None
    groups: NDArray[np.intp] | None = None
    times: NDArray[np.float64] | None = None

    def take(self, rows: NDArray[np.intp]) -> Roles:
        """Give these rows only, in this order."""
        return Roles(
            None if self.weights is None else self.weights[rows],
            None if self.groups is None else self.groups[rows],
            None if self.times is None else self.times[rows],
        )

    @property
    def in_bytes(self) -> bytes:
        """All that is there, for a fingerprint."""
        given = [cells for cells in (self.weights, self.groups, self.times) if cells is not None]
        return b"".join(cells.astype(np.float64).tobytes() for cells in given)


def apart(config: TrainingConfig) -> tuple[str, ...]:
    """Give the columns that are not learned from; a time is, unless it is dropped."""
    return tuple(dict.fromkeys(name for name in (*config.drop, config.group, config.weight) if name is not None))


def check_roles(raw: RawTable, config: TrainingConfig) -> None:
    """Refuse a column that is not there, or is the target.

    Raises:
        ConfigError: names it, and the nearest one.
    """
    for flag, name in (("--weight", config.weight), ("--group", config.group), ("--time", config.time)):
        if name is not None and name not in raw.names:
            raise ConfigError(flag, f"{raw.source} has no column {shown(name)}{nearest(name, raw.names)}")
        if name is not None and name == config.target:
            raise ConfigError(flag, f"{shown(name)} is the target")


def read_roles(raw: RawTable, config: TrainingConfig, rows: NDArray[np.intp]) -> Roles:
    """Read the columns that the configuration names.

    Args:
        raw: the table; a test file may lack the group and the time, which split nothing there.
        config: names the columns.
        rows: those with a label, in which nothing may be missing.

    Raises:
        ColumnError: a cell is missing, or cannot be what it should.
    """
    return Roles(
        None if config.weight is None else _weights(raw.column(config.weight), rows),
        _groups(raw.column(config.group), rows) if config.group in raw.names else None,
        _times(raw.column(config.time), rows) if config.time in raw.names else None,
    )


def _weights(raw: RawColumn, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    column = as_column(raw)
    if column.kind is not ColumnKind.NUMBER:
        raise ColumnError(column.name, "is no weight: weights are numbers, 0 or more")
    weights = _complete(column.name, column.cells.astype(np.float64)[rows])
    if (weights < 0).any() or not weights.sum() > 0:
        raise ColumnError(column.name, "is no weight: weights are 0 or more, and not all 0")
    return weights


def _groups(raw: RawColumn, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    if isinstance(raw, TextColumn):
        cells = np.where(raw.codes < 0, np.nan, raw.codes.astype(np.float64))[rows]
    else:
        cells = raw.cells.astype(np.float64)[rows]
    return np.unique(_complete(raw.name, cells), return_inverse=True)[1].astype(np.intp)


def _times(raw: RawColumn, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    column = as_column(raw)
    if column.kind not in (ColumnKind.NUMBER, ColumnKind.DATETIME):
        raise ColumnError(column.name, "is no time: its cells must be dates (2024-01-31, 2024-01-31T09:30) or numbers")
    return _complete(column.name, column.cells.astype(np.float64)[rows])


def _complete(name: str, cells: NDArray[np.float64]) -> NDArray[np.float64]:
    if n_missing := int(np.isnan(cells).sum()):
        raise ColumnError(name, f"lacks {count_of(n_missing, 'cell')}; fill them in, or remove the rows")
    return cells
