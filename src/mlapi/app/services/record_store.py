"""The database with the tables in place, whatever has become of its file since it was last used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlapi.app.core.database import Database
from mlapi.app.core.transaction import Transaction
from mlapi.app.models.readiness import ensure

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker


class RecordStore:
    """Brings the tables about when it is first used, and again where somebody has removed or replaced the file."""

    def __init__(self, database: Database) -> None:
        """Take the database; nothing is opened yet."""
        self._database = database
        self._lock = threading.Lock()
        self._ready_on: tuple[int, int] | None = None  # the file that has the tables, (0, 0) for a server

    def sessions(self) -> sessionmaker[Session]:
        """What makes sessions on tables that are there.

        Raises:
            SettingsError: the address is none, its driver is missing, or the tables are of a newer version.
            sqlalchemy.exc.SQLAlchemyError, OSError: the database cannot be reached or written.
        """
        from mlapi.app.models.migration import upgrade

        self._make_ready(upgrade)
        return self._database.sessions

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction by the driver alone, on tables that are there; raises DatabaseAway too."""
        self._make_ready(ensure)
        with self._database.transaction() as begun:
            yield begun

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _make_ready(self, bring: Callable[[Database], None]) -> None:
        with self._lock:
            if self._ready_on is None or self._ready_on != _identity(self._database.file):
                self._database.close()
                bring(self._database)
                self._ready_on = _identity(self._database.file)


def _identity(file: Path | None) -> tuple[int, int]:
    """Device and inode of a file, (0, 0) where there is none."""
    if file is None:
        return 0, 0
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino
