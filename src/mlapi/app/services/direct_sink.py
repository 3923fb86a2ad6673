"""The sink of places where a thread would sleep between requests, such as Lambda: writes before the request ends."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from mlapi.app.services.log_entry import LogEntry
from mlapi.app.services.log_trouble import LogTrouble
from mlapi.app.services.log_writer import LogWriter
from mlapi.app.services.model_event import ModelEvent
from mlapi.app.services.prediction_log import LogMetrics
from mlapi.ops.notify import Notifier

WAIT_S: Final = 0.2  # for a lock: what one request may lose; the next ones lose nothing
REST_S: Final = 30.0  # after a failure nothing is tried for so long


class DirectSink:
    """Writes at once; after a failure it rests, and what comes meanwhile is dropped and counted."""

    def __init__(
        self,
        writer: LogWriter,
        metrics: LogMetrics,
        notifier: Notifier,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what writes, whose database shall wait `WAIT_S` only, and what counts."""
        self._writer = writer
        self._metrics = metrics
        self._trouble = LogTrouble(notifier)
        self._clock = clock
        self._rest_until = float("-inf")

    @property
    def trouble(self) -> str | None:
        """Why nothing is written at present, None if all is well."""
        return self._trouble.reason

    def put(self, entry: LogEntry) -> None:
        """Take an entry; see `PredictionSink`."""
        if self._write([entry], []):
            self._metrics.wrote(entry.n_rows)
        else:
            self._metrics.dropped(entry.n_rows)
            self._trouble.dropping()

    def tell(self, event: ModelEvent, at: datetime) -> None:
        """Take an event; see `PredictionSink`."""
        self._write([], [(event, at)])

    def close(self) -> None:
        """Close the connections."""
        self._writer.close()

    def _write(self, entries: list[LogEntry], events: list[tuple[ModelEvent, datetime]]) -> bool:
        if self._clock() < self._rest_until:
            return False
        try:
            self._writer.write(entries, events)
            self._writer.prune()
        except Exception as error:  # noqa: BLE001  # whatever it is, the request is answered
            self._rest_until = self._clock() + REST_S
            self._metrics.failed()
            self._trouble.failed(error)
            return False
        self._trouble.well()
        return True
