"""Statements that are run so often that only the driver stands between them and the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from itertools import chain, islice
from typing import Any, Final

# Rows of one statement. A driver lets go of the interpreter with each, and what gets it then may keep it for 5 ms.
AT_ONCE: Final = 64
SqlValue = str | int | float | None


class DatabaseAway(Exception):
    """The database cannot be used now, so that a further try may succeed; `orig` is what the driver raised."""

    def __init__(self, orig: Exception) -> None:
        self.orig = orig
        super().__init__(type(orig).__name__)


class Transaction:
    """What a transaction does, by the driver of SQLite (PEP 249's `qmark`) or of PostgreSQL."""

    def __init__(self, cursor: Any, mark: str) -> None:
        """Take a cursor, and what stands in a statement for a value."""
        self._cursor = cursor
        self._mark = mark

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[SqlValue]]) -> None:
        """Insert rows; one whose key is there already was written by a try whose success nobody heard of, and stays."""
        statement = partial(_insert, table, tuple(columns), self._mark)
        left = iter(rows)
        while len(some := tuple(islice(left, AT_ONCE))) == AT_ONCE:
            self._cursor.execute(statement(AT_ONCE), tuple(chain.from_iterable(some)))
        if some:
            self._cursor.executemany(statement(1), some)

    def delete_older(self, table: str, before: datetime, most: int) -> int:
        """Delete records of before an instant, so many at most; gives how many."""
        old = f"SELECT id FROM {table} WHERE created_at < {self._mark} LIMIT {most}"  # noqa: S608  # our own names
        self._cursor.execute(f"DELETE FROM {table} WHERE id IN ({old})", (spelled(before),))  # noqa: S608  # likewise
        return int(self._cursor.rowcount)


@cache
def _insert(table: str, columns: Sequence[str], mark: str, n_rows: int) -> str:
    row = f"({', '.join([mark] * len(columns))})"
    values = ", ".join([row] * n_rows)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values} ON CONFLICT DO NOTHING"  # noqa: S608  # our own names


@contextmanager
def begun(connect: Callable[[], Any], driver: Any) -> Iterator[Transaction]:
    """A transaction that is committed at the end, or rolled back.

    Args:
        connect: gives a connection of PEP 249.
        driver: its module.

    Raises:
        DatabaseAway: the driver failed, and not for a value that it was given.
    """
    try:
        with closing(connect()) as connection:
            try:
                yield Transaction(connection.cursor(), "?" if driver.paramstyle == "qmark" else "%s")
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
    except (driver.DataError, driver.IntegrityError):
        raise
    except driver.Error as error:
        raise DatabaseAway(error) from error


def spelled(at: datetime) -> str:
    """An instant as both databases compare and keep it: in UTC, without a zone."""
    return at.astimezone(UTC).isoformat(" ", "microseconds")[:26]
