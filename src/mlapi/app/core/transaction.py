"""Statements that are run so often that only the driver stands between them and the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from itertools import chain, islice
from typing import Any, Final

# Rows of one statement, at most. While one runs, its driver has let go of the interpreter, and gets it back up to 5 ms
# later where another thread is busy: so few statements are better, and long ones run beside what answers requests.
AT_ONCE: Final = 128
SqlValue = str | int | float | None


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
        while some := tuple(islice(left, AT_ONCE)):
            while some:
                n_rows = 1 << len(some).bit_length() - 1  # a power of two, so that there are few statements to know
                self._cursor.execute(statement(n_rows), tuple(chain.from_iterable(some[:n_rows])))
                some = some[n_rows:]

    def first(self, statement: str) -> Any:
        """Give the first value that a statement without values finds, None if nothing."""
        self._cursor.execute(statement)
        row = self._cursor.fetchone()
        return None if row is None else row[0]

    def has_table(self, name: str) -> bool:
        """Whether there is a table."""
        known = "SELECT count(*) FROM sqlite_master WHERE name = '{}'"
        if self._mark != "?":
            known = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('{}')"
        return bool(self.first(known.format(name)))

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


def spelled(at: datetime) -> str:
    """An instant as both databases compare and keep it: in UTC, without a zone."""
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(" ", "microseconds")[:26]
