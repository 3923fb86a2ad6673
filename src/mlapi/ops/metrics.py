"""What is measured: one table of definitions, and a registry that counts in process. Exporters read the registry.

Names and units follow Prometheus' conventions (https://prometheus.io/docs/practices/naming/): base units, `_total` for
counters.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import StrEnum
from threading import Lock
from typing import NamedTuple


class Kind(StrEnum):
    """How samples of a metric add up."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Definition(NamedTuple):
    """One metric.

    `labels` are names whose values come from small sets, never from clients; `buckets` are upper bounds in `unit`,
    ascending, of a histogram.
    """

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()


# A one-row predict takes well under a millisecond, a cold one about 100.
SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
ROWS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

DEFINITIONS = (
    Definition("mlapi_requests_total", Kind.COUNTER, "requests", ("route", "status"), "Requests answered."),
    Definition("mlapi_request_seconds", Kind.HISTOGRAM, "seconds", ("route",), "From headers to last byte.", SECONDS),
    Definition("mlapi_requests_in_flight", Kind.GAUGE, "requests", (), "Requests being answered."),
    Definition("mlapi_rows", Kind.HISTOGRAM, "rows", (), "Rows of a predict request.", ROWS),
    Definition("mlapi_predictions_total", Kind.COUNTER, "rows", ("version",), "Rows predicted."),
    Definition("mlapi_unknown_categories_total", Kind.COUNTER, "cells", ("version",), "Cells taken as missing."),
    Definition("mlapi_auth_failures_total", Kind.COUNTER, "requests", (), "Requests without a valid key."),
    Definition("mlapi_model_swaps_total", Kind.COUNTER, "swaps", (), "Times that another version took over."),
    Definition("mlapi_model_refusals_total", Kind.COUNTER, "versions", ("code",), "Versions that failed a check."),
    Definition("mlapi_model_generation", Kind.GAUGE, "", (), "Generation of the alias that is served."),
)

Labels = tuple[str, ...]


class Histogram:
    """Counts per bucket, the last one for what is above every bound; and the sum."""

    __slots__ = ("counts", "sum")

    def __init__(self, n_bounds: int) -> None:
        self.counts = [0] * (n_bounds + 1)
        self.sum = 0.0


class Sample(NamedTuple):
    """What a metric stands at for one set of label values; a number, or a histogram's counts per bucket and sum."""

    definition: Definition
    labels: Labels
    value: float
    counts: tuple[int, ...] = ()


class Registry:
    """Counts the metrics of a table; safe to call from any thread."""

    def __init__(self, definitions: Sequence[Definition] = DEFINITIONS) -> None:
        self._definitions = {definition.name: definition for definition in definitions}
        self._numbers: dict[tuple[str, Labels], float] = {}
        self._histograms: dict[tuple[str, Labels], Histogram] = {}
        self._lock = Lock()  # adding to a float in a dictionary is a read and a write

    def add(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Add to a counter or a gauge.

        Raises:
            ValueError: no such counter or gauge, a wrong number of labels, or less of a counter.
        """
        definition = self._defined(name, labels, Kind.COUNTER, Kind.GAUGE)
        if by < 0 and definition.kind is Kind.COUNTER:
            raise ValueError(f"{name} only grows")
        with self._lock:
            self._numbers[name, labels] = self._numbers.get((name, labels), 0.0) + by

    def put(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge; ValueError as for `add`."""
        self._defined(name, labels, Kind.GAUGE)
        with self._lock:
            self._numbers[name, labels] = value

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Count a value in a histogram; ValueError as for `add`."""
        buckets = self._defined(name, labels, Kind.HISTOGRAM).buckets
        with self._lock:
            histogram = self._histograms.setdefault((name, labels), Histogram(len(buckets)))
            histogram.counts[bisect_left(buckets, value)] += 1
            histogram.sum += value

    def samples(self) -> Iterator[Sample]:
        """Give every metric that has been touched, in the table's order, label values sorted."""
        with self._lock:
            numbers = [Sample(self._definitions[key[0]], key[1], value) for key, value in self._numbers.items()]
            histograms = [
                Sample(self._definitions[key[0]], key[1], histogram.sum, tuple(histogram.counts))
                for key, histogram in self._histograms.items()
            ]
        order = list(self._definitions)
        yield from sorted(numbers + histograms, key=lambda sample: (order.index(sample.definition.name), sample.labels))

    def _defined(self, name: str, labels: Labels, *kinds: Kind) -> Definition:
        definition = self._definitions.get(name)
        if definition is None or definition.kind not in kinds:
            raise ValueError(f"{name} is no {' or '.join(kinds)}")
        if len(labels) != len(definition.labels):
            raise ValueError(f"{name} takes the labels {definition.labels}")
        return definition
