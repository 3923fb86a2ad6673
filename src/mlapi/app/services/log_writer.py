"""Writes entries of the prediction log to the database; the first use imports SQLAlchemy and makes the tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mlapi.app.core.uuid7 import uuid7s
from mlapi.app.services.log_entry import LogEntry, event_record
from mlapi.app.services.model_event import ModelEvent
from mlapi.app.services.record_store import RecordStore
from mlapi.ops.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.orm import Session

    from mlapi.app.models.base import Base

    Insert = postgresql.Insert | sqlite.Insert

PRUNE_EVERY_S: Final = 3600.0
PRUNED_AT_ONCE: Final = 5000  # rows of one transaction, so that other writers get their turn


class LogWriter:
    """Knows the database; one thread uses it at a time."""

    def __init__(
        self,
        store: RecordStore,
        *,
        environment: str,
        redacted: Collection[str] = (),
        keep_days: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take where and how to write.

        Args:
            store: where to.
            environment: of the service, noted with every record.
            redacted: features whose cells are not kept.
            keep_days: after so many days a record is deleted.
            clock: seconds, monotonic.
        """
        self._store = store
        self._environment = environment
        self._redacted = frozenset(redacted)
        self._keep = timedelta(days=keep_days)
        self._clock = clock
        self._prune_at = float("-inf")

    def write(self, entries: Sequence[LogEntry], events: Sequence[tuple[ModelEvent, datetime]] = ()) -> int:
        """Write entries and events in one transaction; what is there already is left as it is.

        Returns:
            How many rows the entries had.

        Raises:
            Exception: whatever is wrong with the database; nothing of this was written.
        """
        from mlapi.app.models.model_event import ModelEventRecord
        from mlapi.app.models.prediction_log import PredictionRecord

        rows = [row for entry in entries for row in self._rows(entry)]
        told = [event_record(event, id_=uuid7s(1)[0], environment=self._environment, at=at) for event, at in events]
        with self._store.sessions().begin() as session:
            _insert(session, PredictionRecord, rows)
            _insert(session, ModelEventRecord, told)
        return len(rows)

    def prune(self) -> None:
        """Delete what is too old, if that was not done lately; raises as `write`."""
        if self._clock() < self._prune_at:
            return
        before = datetime.now(UTC) - self._keep
        while self._prune_some(before):
            pass
        self._prune_at = self._clock() + PRUNE_EVERY_S

    def close(self) -> None:
        """Close the connections."""
        self._store.close()

    def _rows(self, entry: LogEntry) -> list[dict[str, Any]]:
        return entry.records(environment=self._environment, redacted=self._redacted)

    def _prune_some(self, before: datetime) -> bool:
        from sqlalchemy import delete, select

        from mlapi.app.models.model_event import ModelEventRecord
        from mlapi.app.models.prediction_log import PredictionRecord

        n_deleted = 0
        with self._store.sessions().begin() as session:
            for record in (PredictionRecord, ModelEventRecord):
                old = select(record.id).where(record.created_at < before).limit(PRUNED_AT_ONCE)
                found = session.execute(delete(record).where(record.id.in_(old)).returning(record.id))
                n_deleted = max(n_deleted, len(found.all()))
        return n_deleted == PRUNED_AT_ONCE


def is_outage(error: Exception) -> bool:
    """Whether the database is what fails, so that a further try may succeed; else an entry cannot be kept at all."""
    from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

    if isinstance(error, DataError | IntegrityError):
        return False
    return isinstance(error, SQLAlchemyError | OSError | SettingsError)


def _insert(session: Session, record: type[Base], rows: Sequence[Any]) -> None:
    """Insert rows; one that is there already was written by a try whose success nobody heard of."""
    if rows:
        session.connection().execute(insert_of(session, record).on_conflict_do_nothing(), list(rows))


def insert_of(session: Session, record: type[Base]) -> Insert:
    """The INSERT of a session's database that knows ON CONFLICT; SQLite's and PostgreSQL's are alike."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(record)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(record)
