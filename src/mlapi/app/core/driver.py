"""A database by its driver alone, which costs a tenth of the memory that SQLAlchemy takes, and nothing a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from mlapi.app.core.transaction import Transaction

FILE: Final = re.compile(r"sqlite(?:\+pysqlite)?:///([^?]+)")
SERVER: Final = re.compile(r"postgres(?:ql)?(?:\+psycopg)?(://[^?]+(?:\?sslmode=[a-z-]+)?)")


class DatabaseAway(Exception):
    """The database cannot be used now, so that a further try may succeed; `orig` is what the driver raised."""

    def __init__(self, orig: Exception) -> None:
        self.orig = orig
        super().__init__(type(orig).__name__)


class Driver:
    """One connection, which is opened when it is needed; one thread uses it at a time."""

    def __init__(self, module: Any, connect: Callable[[], Any]) -> None:
        """Take the module of PEP 249, and what gives a connection."""
        self._module = module
        self._connect = connect
        self._connection: Any = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that is committed at the end; after a failure the connection is given up, and that undoes it.

        Raises:
            DatabaseAway: the driver failed, and not for a value that it was given.
        """
        module = self._module
        try:
            yield Transaction(self._ready().cursor(), "?" if module.paramstyle == "qmark" else "%s")
            self._connection.commit()
        except (module.DataError, module.IntegrityError):
            self.close()
            raise
        except module.Error as error:
            self.close()
            raise DatabaseAway(error) from error
        except BaseException:
            self.close()
            raise

    def _ready(self) -> Any:
        """A connection that is alive: a server may have gone and come back since it was last used."""
        if self._connection is not None:
            try:
                self._connection.execute("SELECT 1")
            except self._module.Error:
                self.close()
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(self._module.Error):
                connection.close()


def file_of(url: str) -> Path | None:
    """The file that a plain address of SQLite names; None for any other address."""
    found = FILE.fullmatch(url)
    return Path(found[1]) if found else None


def server_of(url: str) -> str | None:
    """The address of a PostgreSQL server as libpq takes it; None for others, and where it says more than is plain."""
    found = SERVER.fullmatch(url)
    return f"postgresql{found[1]}" if found else None
