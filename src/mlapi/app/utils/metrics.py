"""What the service counts, thin over `mlapi.ops.metrics`; the path of a request adds to counters without a lock."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mlapi.bundle.decision import class_name
from mlapi.bundle.types import Label
from mlapi.ops import process_figures
from mlapi.ops.metrics import Counter, Histogram, Registry, Sample, merged
from mlapi.ops.tallies import Entries
from mlapi.ops.worker_files import WorkerFile, claim

log = logging.getLogger(__name__)


class ServiceMetrics:
    """The counters of this process, and the sight of those of the other workers. To be used in the event loop."""

    def __init__(self) -> None:
        """Count in memory until `shared` says otherwise."""
        self._file: WorkerFile | None = None
        self._start(Registry())

    @contextmanager
    def shared(self, folder: Path | None) -> Iterator[None]:
        """Count in a file for a while, beside the other workers of a run; in memory where that cannot be."""
        if folder is not None:
            self._share(folder)
        try:
            yield
        finally:
            if self._file is not None:
                self._file.release()
                self._file = None

    def _share(self, folder: Path) -> None:
        try:
            self._file = claim(folder)
        except OSError as error:
            reason = error.strerror or "input/output error"
            log.warning("metrics are of this process alone: %s", reason, extra={"fields": {"event.action": "metrics"}})
            return
        registry = Registry(tallies=self._file.tallies)
        registry.forget_gauges()
        self._start(registry)

    def began(self) -> None:
        """Count a request in."""
        self._in_flight.add(1.0)

    def ended(self) -> None:
        """Count it out."""
        self._in_flight.add(-1.0)

    def answered(self, route: str, status: int, duration_s: float) -> None:
        """Count an answer.

        Args:
            route: the path as declared, such as `/models/{name}/versions`.
            status: of the answer.
            duration_s: from its headers to the last byte of the answer.
        """
        requests = self._requests.get((route, status))
        if requests is None:
            requests = self._requests[route, status] = self.registry.counter("mlapi_requests_total", route, str(status))
        requests.add()
        seconds = self._seconds.get(route)
        if seconds is None:
            seconds = self._seconds[route] = self.registry.histogram("mlapi_request_seconds", route)
        seconds.observe(duration_s)

    def rejected(self, code: str) -> None:
        """Count an error answer."""
        self.registry.add("mlapi_rejects_total", code)
        if code == "unauthorized":
            self.registry.add("mlapi_auth_failures_total")

    def waited(self, seconds: float) -> None:
        """Count how long a request waited before its work began."""
        self._queue.observe(seconds)

    def uncounted(self) -> None:
        """Count a request that was let pass because the limits' store could not be asked."""
        self.registry.add("mlapi_uncounted_requests_total")

    def predicted(self, version: str, labels: Mapping[Label, int], n_unknown: int) -> None:
        """Count the rows of a predict request.

        Args:
            version: that answered.
            labels: how many rows got each label.
            n_unknown: cells taken as missing.
        """
        self._rows.observe(sum(labels.values()))
        for label, count in labels.items():
            predictions = self._predictions.get((version, label))
            if predictions is None:
                predictions = self.registry.counter("mlapi_predictions_total", version, class_name(label))
                self._predictions[version, label] = predictions
            predictions.add(count)
        if n_unknown:
            self.registry.add("mlapi_unknown_categories_total", version, by=n_unknown)

    def entries(self) -> list[Entries]:
        """What each worker has counted, those that have ended included."""
        if self._file is None:
            return [self.registry.tallies.entries()]
        return [reading.entries for reading in self._file.readings()]

    def samples(self) -> Iterator[Sample]:
        """What all workers have counted, and what they use of the machine."""
        if self._file is None:
            yield from self.registry.samples()
            return
        readings = self._file.readings()
        alive = [reading for reading in readings if reading.alive]
        yield from merged(
            [reading.entries for reading in alive],
            ended=[reading.entries for reading in readings if not reading.alive],
        )
        yield from process_figures.samples({reading.file.stem: reading.pid for reading in alive})

    def _start(self, registry: Registry) -> None:
        self.registry = registry
        self._in_flight = registry.counter("mlapi_requests_in_flight")
        self._queue = registry.histogram("mlapi_queue_seconds")
        self._rows = registry.histogram("mlapi_rows")
        self._requests: dict[tuple[str, int], Counter] = {}
        self._seconds: dict[str, Histogram] = {}
        self._predictions: dict[tuple[str, Label], Counter] = {}
