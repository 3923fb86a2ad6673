"""Watches whether what is asked and answered drifts away from training, on a sample, all workers together.

Counts are kept for the hour that runs and the one before, in the file that the worker's metrics are in. A sample is
taken no more often than it costs: counting takes 2 % of a processor at most, whatever the model and the traffic.
"""

import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from operator import add
from typing import Final

from mlapi.app.services.snapshot import Snapshot
from mlapi.app.utils.metrics import ServiceMetrics
from mlapi.bundle.drift import DriftBins
from mlapi.bundle.model import Prediction
from mlapi.bundle.types import Floats
from mlapi.ops.metrics import DRIFT, DRIFT_ROWS, PREDICTION_DRIFT, Sample

KEY: Final = "drift"  # of the counts, beside the names of metrics
WINDOW_S: Final = 3600
MOST_ROWS: Final = 200  # of one request
SHARE: Final = 0.02  # of a processor
LEAST_WAIT_S: Final = 0.05
LEAST_ROWS: Final = 500  # below, chance alone makes an index of (bins - 1) / rows = 0.02 and more
MOST_BINS: Final = 50_000
HEAD: Final = 2  # values before the counts: which model, and which window


class DriftMonitor:
    """Counts the rows of this worker, and compares those of all workers with the reference."""

    def __init__(self, metrics: ServiceMetrics, *, clock: Callable[[], float] = time.time) -> None:
        """Take where to count, and a clock in seconds since 1970."""
        self._metrics = metrics
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._bins: DriftBins | None = None
        self._due_at = float("-inf")

    def saw(self, snapshot: Snapshot, prediction: Prediction[Floats]) -> None:
        """Count a sample of a request's rows, if one is due; the event loop's to call."""
        began = time.perf_counter()
        if began < self._due_at:
            return
        bins = self._bins_of(snapshot)
        if bins is not None:
            places = bins.places(prediction.matrix[:MOST_ROWS], prediction.probabilities[:MOST_ROWS])
            try:
                self._add(snapshot, bins, places)
            except ValueError:  # the area is full of other models' counts
                self._bins = None
        ended = time.perf_counter()
        self._due_at = ended + max(LEAST_WAIT_S, (ended - began) / SHARE)

    def samples(self, snapshot: Snapshot | None) -> Iterator[Sample]:
        """How far the loaded model's rows and answers are from those of its training."""
        bins = None if snapshot is None else self._bins_of(snapshot)
        if snapshot is None or bins is None:
            return
        counts = self._counts(snapshot, bins)
        n_rows = bins.n_rows(counts)
        drifts = bins.compare(counts) if n_rows >= LEAST_ROWS else []
        for definition, of_prediction in ((DRIFT, False), (PREDICTION_DRIFT, True)):
            for drift in sorted(drifts):
                if drift.of_prediction is of_prediction:
                    yield Sample(definition, (snapshot.version, drift.name), drift.psi)
        yield Sample(DRIFT_ROWS, (snapshot.version,), float(n_rows))

    def _bins_of(self, snapshot: Snapshot) -> DriftBins | None:
        """The bins of a model, None for one that is too wide to be watched."""
        if self._snapshot is not snapshot:
            bundle = snapshot.bundle
            bins = DriftBins(bundle, bundle.reference, bundle.decision.names)
            self._snapshot, self._bins = snapshot, bins if bins.size <= MOST_BINS else None
        return self._bins

    def _add(self, snapshot: Snapshot, bins: DriftBins, places: Sequence[int]) -> None:
        window = int(self._clock() // WINDOW_S)
        tallies = self._metrics.registry.tallies
        at = tallies.place((KEY, str(bins.size), str(window % 2)), HEAD + bins.size)
        kept = tallies.values[at : at + HEAD + bins.size]
        head = array("d", (_identity(snapshot), window))
        if kept[:HEAD] != memoryview(head):
            kept[:] = memoryview(array("d", bytes(kept.nbytes)))
            kept[:HEAD] = memoryview(head)
        for place in places:
            kept[HEAD + place] += 1.0

    def _counts(self, snapshot: Snapshot, bins: DriftBins) -> list[float]:
        """Those of all workers, for this window and the one before."""
        window = int(self._clock() // WINDOW_S)
        heads = {(_identity(snapshot), float(number)) for number in (window - 1, window)}
        total = [0.0] * bins.size
        for entries in self._metrics.entries():
            for key, values in entries.items():
                if key[0] == KEY and len(values) == HEAD + bins.size and values[:HEAD] in heads:
                    total = list(map(add, total, values[HEAD:]))
        return total


def _identity(snapshot: Snapshot) -> float:
    """A number that tells models apart: 48 bits of the manifest's digest, exact in float64."""
    return float(int(snapshot.bundle.manifest_sha256[:12], 16))
