"""The sink of a server: a bounded queue, and one thread that writes it in batches."""

import logging
import threading
from collections import deque
from contextlib import suppress
from datetime import datetime
from typing import Final

from mlapi.app.services.log_entry import LogEntry
from mlapi.app.services.log_trouble import LogTrouble
from mlapi.app.services.log_writer import LogWriter, is_outage
from mlapi.app.services.model_event import ModelEvent
from mlapi.app.services.prediction_log import LogMetrics
from mlapi.ops.notify import Notifier

LIMIT_BYTES: Final = 8 * 1024 * 1024  # estimated; a minute of 200 requests/s of one row and 14 features
BATCH_ENTRIES: Final = 512  # of one transaction
BATCH_BYTES: Final = 1024 * 1024  # likewise, estimated
GATHER_S: Final = 0.2  # a batch waits this long for company
PLENTY: Final = 128  # entries that do not: a longer burst of work shows in the tail of what is answered beside it
FIRST_WAIT_S: Final = 0.5  # after a failure; doubled with each further one
LONGEST_WAIT_S: Final = 5.0
PRUNE_LOOK_S: Final = 60.0
END_S: Final = 5.0  # for what still waits when the service ends
MOST_EVENTS: Final = 1000

log = logging.getLogger(__name__)


class QueueSink:
    """Takes entries without a lock; when there is no room the oldest go, and are counted."""

    def __init__(
        self, writer: LogWriter, metrics: LogMetrics, notifier: Notifier, *, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        """Take what writes and what counts; begins at once."""
        self._writer = writer
        self._metrics = metrics
        self._trouble = LogTrouble(notifier)
        self._limit_bytes = limit_bytes
        self._entries: deque[tuple[int, LogEntry]] = deque()  # size and entry
        self._events: deque[tuple[ModelEvent, datetime]] = deque(maxlen=MOST_EVENTS)
        # Each is written by one side only, so that neither needs a lock: waiting = put - taken.
        self._put_bytes = self._taken_bytes = 0
        self._wake = threading.Event()
        self._plenty = threading.Event()  # waits, so that nothing is gained by waiting for more
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str | None:
        """Why nothing is written at present, None if all is well."""
        return self._trouble.reason

    @property
    def waiting_bytes(self) -> int:
        """What waits to be written, estimated."""
        return self._put_bytes - self._taken_bytes

    def put(self, entry: LogEntry) -> None:
        """Take an entry; see `PredictionSink`."""
        size_bytes = entry.size_bytes
        self._put_bytes += size_bytes
        self._entries.append((size_bytes, entry))
        if self.waiting_bytes > self._limit_bytes:
            self._make_room()
        if not self._wake.is_set():
            self._wake.set()
        self._note_plenty()

    def tell(self, event: ModelEvent, at: datetime) -> None:
        """Take an event; see `PredictionSink`."""
        self._events.append((event, at))
        self._wake.set()

    def close(self) -> None:
        """Write what waits, for `END_S` at most; the rest is counted as dropped."""
        self._end.set()
        self._plenty.set()
        self._wake.set()
        self._thread.join(END_S)
        self._metrics.dropped(sum(entry.n_rows for _, entry in self._entries))
        self._entries.clear()

    def _make_room(self) -> None:
        """Drop the oldest entries; the writer may be taking some of them at the same time."""
        n_rows = 0
        while self.waiting_bytes > self._limit_bytes:
            try:
                size_bytes, entry = self._entries.popleft()
            except IndexError:
                break
            self._put_bytes -= size_bytes
            n_rows += entry.n_rows
        self._metrics.dropped(n_rows)
        self._trouble.dropping()

    def _run(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._end.is_set() or self._entries or self._events:
            self._wake.wait(PRUNE_LOOK_S)
            self._plenty.wait(GATHER_S)
            self._plenty.clear()
            self._wake.clear()
            if self._write_some():
                wait_s = FIRST_WAIT_S
                self._go_on()
            elif self._end.is_set():
                break
            else:
                self._end.wait(wait_s)
                self._wake.set()
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
        self._writer.close()

    def _go_on(self) -> None:
        """See to what has come meanwhile, at once if there is plenty, so that a batch is not for a few."""
        if self._entries or self._events:
            self._wake.set()
        if self._end.is_set():
            self._plenty.set()
        self._note_plenty()

    def _note_plenty(self) -> None:
        if (len(self._entries) >= PLENTY or self.waiting_bytes >= BATCH_BYTES) and not self._plenty.is_set():
            self._plenty.set()

    def _write_some(self) -> bool:
        """Write a batch of what waits, if anything does; gives whether that went well."""
        try:
            self._writer.prune()
            if self._entries or self._events:
                self._write_batch()
        except Exception as error:  # noqa: BLE001  # whatever it is, the service goes on and this is tried again
            self._metrics.failed()
            self._trouble.failed(error)
            return False
        else:
            self._trouble.well()
            return True
        finally:
            self._metrics.waiting(self.waiting_bytes)

    def _write_batch(self) -> None:
        """Write a batch, or put it back in front."""
        batch = self._take()
        events = list(self._events)
        try:
            self._write([entry for _, entry in batch], events)
        except Exception:
            self._entries.extendleft(reversed(batch))
            raise
        self._taken_bytes += sum(size_bytes for size_bytes, _ in batch)
        for _ in events:
            self._events.popleft()

    def _take(self) -> list[tuple[int, LogEntry]]:
        """The oldest entries, a batch of them."""
        batch: list[tuple[int, LogEntry]] = []
        size_bytes = 0
        with suppress(IndexError):  # the queue is empty, or has just been emptied
            while len(batch) < BATCH_ENTRIES and size_bytes < BATCH_BYTES:
                batch.append(self._entries.popleft())
                size_bytes += batch[-1][0]
        return batch

    def _write(self, entries: list[LogEntry], events: list[tuple[ModelEvent, datetime]]) -> None:
        """Write entries together; one that cannot be kept whatever is tried is found by halving, and dropped."""
        try:
            self._metrics.wrote(self._writer.write(entries, events))
        except Exception as error:
            if is_outage(error):
                raise
            if len(entries) + len(events) > 1:
                half = len(entries) // 2
                self._write(entries[:half], [])
                self._write(entries[half:], events)
            else:
                self._metrics.dropped(sum(entry.n_rows for entry in entries))
                log.error("what was to be logged cannot be kept", exc_info=error)
