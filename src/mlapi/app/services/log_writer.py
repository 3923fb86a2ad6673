"""Writes entries of the prediction log to the database, through its driver: nothing of SQLAlchemy runs a row."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from mlapi.app.core.driver import DatabaseAway
from mlapi.app.core.transaction import SqlValue
from mlapi.app.core.uuid7 import uuid7s
from mlapi.app.services.log_entry import COLUMNS, LogEntry, event_record
from mlapi.app.services.model_event import ModelEvent
from mlapi.app.services.record_store import RecordStore
from mlapi.ops.errors import SettingsError

PRUNE_EVERY_S: Final = 3600.0
# Records of one transaction, so that other writers get their turn; those of requests may have 1,000 rows.
PRUNED_AT_ONCE: Final = {"answered_requests": 500, "predictions": 5000, "model_events": 5000}


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
        with self._store.transaction() as transaction:
            if entries:
                transaction.insert("answered_requests", COLUMNS, self._records(entries))
            for event, at in events:
                told = event_record(event, id_=uuid7s(1)[0], environment=self._environment, at=at)
                transaction.insert("model_events", tuple(told), [tuple(told.values())])
        return sum(entry.n_rows for entry in entries)

    def prune(self) -> None:
        """Delete what is too old, if that was not done lately; raises as `write`."""
        if self._clock() < self._prune_at:
            return
        before = datetime.now(UTC) - self._keep
        for table, at_once in PRUNED_AT_ONCE.items():
            n_deleted = at_once
            while n_deleted == at_once:
                with self._store.transaction() as transaction:
                    n_deleted = transaction.delete_older(table, before, at_once)
        self._prune_at = self._clock() + PRUNE_EVERY_S

    def close(self) -> None:
        """Close the connections."""
        self._store.close()

    def _records(self, entries: Sequence[LogEntry]) -> Iterator[tuple[SqlValue, ...]]:
        """One by one as the driver takes them: between two of them other threads get their turn."""
        for entry in entries:
            yield entry.record(environment=self._environment, redacted=self._redacted)


def is_outage(error: Exception) -> bool:
    """Whether the database is what fails, so that a further try may succeed; else an entry cannot be kept at all."""
    if isinstance(error, DatabaseAway | SettingsError | OSError):
        return True
    alchemy = sys.modules.get("sqlalchemy.exc")
    return alchemy is not None and isinstance(error, alchemy.SQLAlchemyError)
