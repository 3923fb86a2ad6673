"""A table as a file gives it: named columns of one length, nothing interpreted yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mlapi.training.columns import RawColumn
from mlapi.training.errors import ConfigError, TableError, TargetError, nearest, shown


@dataclass(frozen=True)
class RawTable:
    """The columns of one file, in its order.

    `source` names the file or the dataset in messages; `notes` are lines for the report.
    """

    source: str
    columns: tuple[RawColumn, ...]
    n_rows: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a table without rows."""
        if self.n_rows == 0:
            raise TableError(self.source, "the table has no rows")

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the file's order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> RawColumn:
        """Find a column.

        Raises:
            TargetError: there is none; the nearest name is suggested.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise TargetError(name, f"{self.source} has no such column{nearest(name, self.names)}")

    def without(self, names: Collection[str]) -> RawTable:
        """Leave columns out.

        Raises:
            ConfigError: a name is no column of the table.
        """
        for name in names:
            if name not in self.names:
                raise ConfigError("--drop", f"{self.source} has no column {shown(name)}{nearest(name, self.names)}")
        kept = tuple(column for column in self.columns if column.name not in names)
        return RawTable(self.source, kept, self.n_rows, self.notes)


def check_names(source: str, names: Sequence[str], line: int | None = None) -> None:
    """Refuse names that cannot tell columns apart.

    Raises:
        TableError: a name stands twice.
    """
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise TableError(source, f"two columns are named {shown(twice[0])}; rename or remove one", line)
