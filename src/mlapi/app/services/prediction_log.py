"""The prediction log as the rest of the service sees it: put something in and go on, whatever the database does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from mlapi.app.core.database import Database
from mlapi.app.core.errors import LogOff
from mlapi.app.core.uuid7 import uuid7s
from mlapi.app.services.log_entry import LogEntry
from mlapi.app.services.model_event import ModelEvent
from mlapi.app.services.record_reader import RecordReader
from mlapi.app.services.record_store import RecordStore

if TYPE_CHECKING:
    from mlapi.app.utils.metrics import ServiceMetrics
    from mlapi.ops.notify import Notifier
    from mlapi.ops.settings import Settings

T = TypeVar("T")


class PredictionSink(Protocol):
    """Where entries go. Never raises, never makes a request wait for a lock or a dead server."""

    def put(self, entry: LogEntry) -> None:
        """Take the rows of a request; the event loop's to call."""

    def tell(self, event: ModelEvent, at: datetime) -> None:
        """Take an event of the model; any thread's to call."""

    def close(self) -> None:
        """Write what can be written within a few seconds, and stop."""

    @property
    def trouble(self) -> str | None:
        """Why nothing is written at present, None if all is well."""


class LogMetrics:
    """What a sink counts."""

    def __init__(self, metrics: ServiceMetrics) -> None:
        """Take where to count."""
        self._add = metrics.registry.add
        self._put = metrics.registry.put

    def wrote(self, n_rows: int) -> None:
        """Count rows that are in the database."""
        self._add("mlapi_prediction_log_rows_total", by=n_rows)

    def dropped(self, n_rows: int) -> None:
        """Count rows that never will be."""
        self._add("mlapi_prediction_log_dropped_total", by=n_rows)

    def failed(self) -> None:
        """Count a try that failed."""
        self._add("mlapi_prediction_log_failures_total")

    def waiting(self, size_bytes: int) -> None:
        """Note how much waits."""
        self._put("mlapi_prediction_log_queue_bytes", float(size_bytes))


class PredictionLog:
    """The log of one service: off, or a sink that is open while the service runs, and a way to read what it wrote."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings that say whether, where and how."""
        self._settings = settings
        self._sink: PredictionSink | None = None
        self._reader: RecordReader | None = None

    @property
    def new_ids(self) -> Callable[[int], list[str]] | None:
        """What gives the ids of n rows, None where the log is off."""
        return uuid7s if self._settings.monitoring.prediction_log else None

    @property
    def trouble(self) -> str | None:
        """Why nothing is written at present, None if all is well."""
        return self._sink.trouble if self._sink is not None else None

    def put(self, entry: LogEntry) -> None:
        """Keep the rows of a request."""
        if self._sink is not None:
            self._sink.put(entry)

    def tell(self, event: ModelEvent) -> None:
        """Keep an event of the model."""
        if self._sink is not None:
            self._sink.tell(event, datetime.now(UTC))

    async def run(self, work: Callable[[RecordStore], T]) -> T:
        """Do something with the records, in a thread.

        Raises:
            LogOff: there are none; LogUnavailable, Overloaded: try again.
        """
        if self._reader is None:
            raise LogOff
        return await self._reader.run(work)

    @asynccontextmanager
    async def opened(self, metrics: ServiceMetrics, notifier: Notifier) -> AsyncIterator[None]:
        """Have the log open for a while."""
        if self.new_ids is None:
            yield
            return
        self._sink = _open(self._settings, LogMetrics(metrics), notifier)
        self._reader = RecordReader(RecordStore(Database.of(self._settings)))
        try:
            yield
        finally:
            await asyncio.to_thread(self._sink.close)
            self._reader.close()
            self._sink = self._reader = None


def _open(settings: Settings, metrics: LogMetrics, notifier: Notifier) -> PredictionSink:
    from mlapi.app.services.direct_sink import WAIT_S, DirectSink
    from mlapi.app.services.log_writer import LogWriter
    from mlapi.app.services.queue_sink import QueueSink

    monitoring = settings.monitoring
    direct = monitoring.prediction_log_sink == "direct"
    writer = LogWriter(
        RecordStore(Database.of(settings, wait_s=WAIT_S) if direct else Database.of(settings)),
        environment=settings.environment,
        redacted=monitoring.prediction_log_redact,
        keep_days=monitoring.log_retention_days,
    )
    return DirectSink(writer, metrics, notifier) if direct else QueueSink(writer, metrics, notifier)
