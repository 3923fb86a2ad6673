"""What is measured: one table of definitions, and a registry that counts. Exporters read the registry.

Names and units follow Prometheus' conventions (https://prometheus.io/docs/practices/naming/): base units, `_total` for
counters.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from threading import Lock
from typing import NamedTuple

from mlapi.ops.tallies import Entries, Tallies


class Kind(StrEnum):
    """How samples of a metric add up over time."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Merge(StrEnum):
    """What a gauge of several processes is together."""

    SUM = "sum"
    MAX = "max"


class Definition(NamedTuple):
    """One metric.

    `labels` are names whose values come from small sets, never from clients; `buckets` are upper bounds in `unit`,
    ascending, of a histogram; `merge` matters for gauges only.
    """

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()
    merge: Merge = Merge.SUM


# A one-row predict takes well under a millisecond, a cold one about 100.
SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
ROWS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
_MODEL = ("name", "version", "stage", "engine", "digest")
# These three are computed when they are asked for.
DRIFT = Definition("mlapi_drift_psi", Kind.GAUGE, "", ("version", "feature"), "PSI of a feature against training.")
PREDICTION_DRIFT = Definition(
    "mlapi_prediction_drift_psi", Kind.GAUGE, "", ("version", "label"), "PSI of a class's probability."
)
DRIFT_ROWS = Definition("mlapi_drift_rows", Kind.GAUGE, "rows", ("version",), "Rows sampled for drift, two hours.")
MODEL_INFO = Definition("mlapi_model_info", Kind.GAUGE, "", _MODEL, "The loaded version.")  # from itself when asked

DEFINITIONS = (
    Definition("mlapi_requests_total", Kind.COUNTER, "requests", ("route", "status"), "Requests answered."),
    Definition("mlapi_request_seconds", Kind.HISTOGRAM, "seconds", ("route",), "From headers to last byte.", SECONDS),
    Definition("mlapi_requests_in_flight", Kind.GAUGE, "requests", (), "Requests being answered."),
    Definition("mlapi_queue_seconds", Kind.HISTOGRAM, "seconds", (), "Waited before the work began.", SECONDS),
    Definition("mlapi_rejects_total", Kind.COUNTER, "requests", ("code",), "Requests refused, by error code."),
    Definition("mlapi_rows", Kind.HISTOGRAM, "rows", (), "Rows of a predict request.", ROWS),
    Definition("mlapi_predictions_total", Kind.COUNTER, "rows", ("version", "label"), "Rows predicted."),
    Definition("mlapi_unknown_categories_total", Kind.COUNTER, "cells", ("version",), "Cells taken as missing."),
    Definition("mlapi_auth_failures_total", Kind.COUNTER, "requests", (), "Requests without a valid key."),
    Definition("mlapi_model_loads_total", Kind.COUNTER, "loads", (), "Versions loaded, the first ones included."),
    Definition("mlapi_model_swaps_total", Kind.COUNTER, "swaps", (), "Times that another version took over."),
    Definition("mlapi_model_refusals_total", Kind.COUNTER, "versions", ("code",), "Versions that failed a check."),
    Definition("mlapi_model_generation", Kind.GAUGE, "", (), "Generation of the alias served.", merge=Merge.MAX),
    Definition("mlapi_prediction_log_rows_total", Kind.COUNTER, "rows", (), "Rows written to the prediction log."),
    Definition("mlapi_prediction_log_dropped_total", Kind.COUNTER, "rows", (), "Rows that the log had no room for."),
    Definition("mlapi_prediction_log_failures_total", Kind.COUNTER, "batches", (), "Failed tries to write a batch."),
    Definition("mlapi_prediction_log_queue_bytes", Kind.GAUGE, "bytes", (), "Waiting to be written, estimated."),
    Definition("mlapi_feedback_total", Kind.COUNTER, "outcomes", ("result",), "Outcomes told by clients."),
    Definition("mlapi_uncounted_requests_total", Kind.COUNTER, "requests", (), "Requests that no limit could count."),
    Definition("mlapi_security_events_total", Kind.COUNTER, "events", ("event",), "Security events."),
)

Labels = tuple[str, ...]


class Counter:
    """One number to add to, by one thread."""

    __slots__ = ("_at", "_values")

    def __init__(self, tallies: Tallies, at: int) -> None:
        self._values, self._at = tallies.values, at

    def add(self, by: float = 1.0) -> None:
        """Add; takes a tenth of a microsecond and no lock."""
        self._values[self._at] += by


class Histogram:
    """Counts per bucket to add to, by one thread."""

    __slots__ = ("_at", "_buckets", "_sum_at", "_values")

    def __init__(self, tallies: Tallies, at: int, buckets: tuple[float, ...]) -> None:
        self._values, self._at, self._buckets = tallies.values, at, buckets
        self._sum_at = at + len(buckets) + 1

    def observe(self, value: float) -> None:
        """Count a value; no lock."""
        self._values[self._at + bisect_left(self._buckets, value)] += 1.0
        self._values[self._sum_at] += value


class Sample(NamedTuple):
    """What a metric stands at for one set of label values; a number, or a histogram's counts per bucket and sum."""

    definition: Definition
    labels: Labels
    value: float
    counts: tuple[int, ...] = ()


class Registry:
    """Counts the metrics of a table.

    `add`, `put` and `observe` may be called from any thread. `counter` and `histogram` give what is added to without a
    lock; whoever takes one keeps it in one thread, and nobody else counts the same metric with the same labels.
    """

    def __init__(self, definitions: Sequence[Definition] = DEFINITIONS, tallies: Tallies | None = None) -> None:
        """Take the table and where to count; in memory of its own if None."""
        self._definitions = {definition.name: definition for definition in definitions}
        self.tallies = tallies or Tallies()
        self._lock = Lock()  # adding is a read and a write, and so is making a place

    def counter(self, name: str, *labels: str) -> Counter:
        """What to add to, for a counter or a gauge; ValueError as for `add`."""
        self._defined(name, labels, Kind.COUNTER, Kind.GAUGE)
        return Counter(self.tallies, self._place(name, labels))

    def histogram(self, name: str, *labels: str) -> Histogram:
        """What to observe with; ValueError as for `add`."""
        buckets = self._defined(name, labels, Kind.HISTOGRAM).buckets
        return Histogram(self.tallies, self._place(name, labels, len(buckets) + 2), buckets)

    def add(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Add to a counter or a gauge.

        Raises:
            ValueError: no such counter or gauge, a wrong number of labels, or less of a counter.
        """
        counter = self.counter(name, *labels)
        if by < 0 and self._definitions[name].kind is Kind.COUNTER:
            raise ValueError(f"{name} only grows")
        with self._lock:
            counter.add(by)

    def put(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge; ValueError as for `add`."""
        self._defined(name, labels, Kind.GAUGE)
        at = self._place(name, labels)
        with self._lock:
            self.tallies.values[at] = value

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Count a value in a histogram; ValueError as for `add`."""
        histogram = self.histogram(name, *labels)
        with self._lock:
            histogram.observe(value)

    def forget_gauges(self) -> None:
        """Set every gauge to 0: what a process that ended left in its file is no longer so."""
        for key in self.tallies.entries():
            definition = self._definitions.get(key[0])
            if definition is not None and definition.kind is Kind.GAUGE:
                self.tallies.values[self._place(key[0], key[1:])] = 0.0

    def samples(self) -> Iterator[Sample]:
        """Give every metric that has been touched, in the table's order, label values sorted."""
        with self._lock:
            entries = self.tallies.entries()
        yield from merged([entries], tuple(self._definitions.values()))

    def _place(self, name: str, labels: Labels, n_values: int = 1) -> int:
        with self._lock:
            return self.tallies.place((name, *labels), n_values)

    def _defined(self, name: str, labels: Labels, *kinds: Kind) -> Definition:
        definition = self._definitions.get(name)
        if definition is None or definition.kind not in kinds:
            raise ValueError(f"{name} is no {' or '.join(kinds)}")
        if len(labels) != len(definition.labels):
            raise ValueError(f"{name} takes the labels {definition.labels}")
        return definition


def merged(
    alive: Iterable[Entries], definitions: Sequence[Definition] = DEFINITIONS, *, ended: Iterable[Entries] = ()
) -> Iterator[Sample]:
    """Give the metrics of several processes together, in the table's order, label values sorted.

    Args:
        alive: what the running processes counted.
        definitions: the table; a metric that it lacks (of another version) is left out.
        ended: what processes counted that have ended; their gauges no longer hold.
    """
    known = {definition.name: definition for definition in definitions}
    order = {name: place for place, name in enumerate(known)}
    total: Entries = {}
    for gauges, entries in [*((True, one) for one in alive), *((False, one) for one in ended)]:
        for key, values in entries.items():
            definition = known.get(key[0])
            if definition is not None and (gauges or definition.kind is not Kind.GAUGE):
                total[key] = _merge(definition, total.get(key, (0.0,) * len(values)), values)
    for key in sorted(total, key=lambda key: (order[key[0]], key)):
        yield _sample(known[key[0]], key[1:], total[key])


def _merge(definition: Definition, one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    if definition.merge is Merge.MAX:
        return tuple(map(max, one, other))
    return tuple(left + right for left, right in zip(one, other, strict=True))


def _sample(definition: Definition, labels: Labels, values: tuple[float, ...]) -> Sample:
    if definition.kind is Kind.HISTOGRAM:
        return Sample(definition, labels, values[-1], tuple(int(count) for count in values[:-1]))
    return Sample(definition, labels, values[0])
