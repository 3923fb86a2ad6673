"""The service's own database: SQLite below `state_dir` unless `MLAPI_DATABASE_URL` names another, such as PostgreSQL.

Keys and logged predictions are kept there; the records are in `mlapi.app.models`. SQLAlchemy is imported inside the
functions that need it, so that a service that keeps no records does not pay for it when it starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mlapi.app.core.driver import Driver, file_of, server_of
from mlapi.app.core.transaction import Transaction
from mlapi.ops.errors import SettingsError

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session, sessionmaker

    from mlapi.ops.settings import Settings

FILE_NAME: Final = "service.db"
WAIT_S: Final = 2.0  # for a lock or a connection; whoever can wait longer tries again
# Write-ahead logging lets readers go on beside a writer. NORMAL may lose the last commits when the machine, not the
# process, dies, which a log can bear and which spares an fsync each commit (https://sqlite.org/pragma.html).
# Pages of 8 KiB, in a new file, spare a tenth of the time that a large record takes.
PRAGMAS: Final = ("page_size = 8192", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")


class Database:
    """One database; connects when it is first used."""

    def __init__(self, url: str, *, wait_s: float = WAIT_S) -> None:
        """Take where it is.

        Args:
            url: SQLAlchemy's address; `postgresql://` means psycopg.
            wait_s: how long a statement waits for a lock, or for a connection.
        """
        self.url = url
        self._wait_s = wait_s

    @classmethod
    def of(cls, settings: Settings, *, wait_s: float = WAIT_S) -> Database:
        """The one that the settings name."""
        given = settings.database_url
        file = settings.state_dir.absolute() / FILE_NAME
        return cls(given.get_secret_value() if given else f"sqlite:///{file}", wait_s=wait_s)

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database, None for any other."""
        if (file := file_of(self.url)) is not None or server_of(self.url) is not None:
            return file
        url = self.engine.url
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    @cached_property
    def engine(self) -> Engine:
        """The pool of connections.

        Raises:
            SettingsError: the address is none, or its driver is not installed.
        """
        from sqlalchemy import create_engine, event, make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(self.url)
            if url.drivername in ("postgres", "postgresql"):
                url = url.set(drivername="postgresql+psycopg")
            sqlite = url.get_backend_name() == "sqlite"
            engine = create_engine(
                url,
                pool_pre_ping=not sqlite,
                connect_args=self._arguments(sqlite=sqlite),
                json_serializer=_to_json,
                json_deserializer=msgspec.json.decode,
                hide_parameters=True,  # errors must not show cells
            )
        except ImportError as error:
            raise _driver_missing() from error
        except ArgumentError as error:
            raise SettingsError("MLAPI_DATABASE_URL", "give an address such as postgresql://user@host/name") from error
        if sqlite:
            event.listen(engine, "connect", _set_pragmas)
        return engine

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        """Makes sessions; `with database.sessions.begin() as session:` commits at its end."""
        from sqlalchemy.orm import sessionmaker

        return sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction by the driver alone, for one thread at a time; raises as `Driver.transaction` and `engine`."""
        with self._driver.transaction() as transaction:
            yield transaction

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        if "_driver" in self.__dict__:
            self._driver.close()
        if "engine" in self.__dict__:
            self.engine.dispose()

    @cached_property
    def _driver(self) -> Driver:
        """What needs no SQLAlchemy, where the address is plain."""
        if (file := file_of(self.url)) is not None:
            import sqlite3

            return Driver(sqlite3, partial(self._open, file))
        if (server := server_of(self.url)) is None:
            return Driver(self.engine.dialect.dbapi, self.engine.raw_connection)
        try:
            import psycopg
        except ImportError as error:
            raise _driver_missing() from error
        return Driver(psycopg, partial(psycopg.connect, server, **self._arguments(sqlite=False)))

    def _open(self, file: Path) -> sqlite3.Connection:
        import sqlite3

        connection = sqlite3.connect(file, timeout=self._wait_s, check_same_thread=False)  # closed by any thread
        _set_pragmas(connection, None)
        return connection

    def _arguments(self, *, sqlite: bool) -> dict[str, Any]:
        if sqlite:
            return {"timeout": self._wait_s}
        wait_ms = int(self._wait_s * 1000)
        return {"connect_timeout": max(1, round(self._wait_s)), "options": f"-c lock_timeout={wait_ms} -c timezone=UTC"}


def _driver_missing() -> SettingsError:
    return SettingsError("MLAPI_DATABASE_URL", "its driver is missing; install the extra 'postgres'")


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()  # seven times as fast as the standard library's


def _set_pragmas(connection: Any, _: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
