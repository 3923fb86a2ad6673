"""Drift of what is served, over workers, windows and versions."""

from pathlib import Path

import pytest

from mlapi.app.services import drift_monitor
from mlapi.app.services.drift_monitor import LEAST_ROWS, MOST_ROWS, WINDOW_S, DriftMonitor
from mlapi.app.utils.metrics import ServiceMetrics
from mlapi.bundle.model import Prediction
from mlapi.bundle.types import Matrix, Row
from mlapi.ops.metrics import Registry
from mlapi.ops.tallies import Tallies
from tests.app.bundles import ROW
from tests.app.services.logged import snapshot


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0 * WINDOW_S

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock in the test's hand, and a sample of every request."""
    monkeypatch.setattr(drift_monitor, "LEAST_WAIT_S", float("-inf"))
    monkeypatch.setattr(drift_monitor, "SHARE", float("inf"))
    return Clock()


def same(n_rows: int) -> Prediction[Matrix]:
    """One row again and again, which is far from the training table in every feature."""
    row: Row = ROW  # type: ignore[assignment]  # its cells are cells, which a dictionary does not say
    return snapshot().bundle.predict([row] * n_rows)


def values(monitor: DriftMonitor) -> dict[tuple[str, ...], float]:
    return {(sample.definition.name, *sample.labels[1:]): sample.value for sample in monitor.samples(snapshot())}


def test_says_nothing_of_few_rows_and_the_distance_of_many(clock: Clock) -> None:
    monitor = DriftMonitor(ServiceMetrics(), clock=clock)
    assert values(monitor) == {("mlapi_drift_rows",): 0.0}
    monitor.saw(snapshot(), same(1000))
    assert values(monitor) == {("mlapi_drift_rows",): MOST_ROWS}
    for _ in range(LEAST_ROWS // MOST_ROWS + 1):
        monitor.saw(snapshot(), same(MOST_ROWS))
    found = values(monitor)
    assert {key[1] for key in found if key[0] == "mlapi_drift_psi"} == set(ROW)
    assert {key[1] for key in found if key[0] == "mlapi_prediction_drift_psi"} == {"no", "yes"}
    assert all(value > 0.25 for key, value in found.items() if key[0] == "mlapi_drift_psi")


def test_workers_are_counted_together(tmp_path: Path, clock: Clock) -> None:
    one, other = ServiceMetrics(), ServiceMetrics()
    with one.shared(tmp_path), other.shared(tmp_path):
        for metrics in (one, other):
            DriftMonitor(metrics, clock=clock).saw(snapshot(), same(100))
        assert values(DriftMonitor(one, clock=clock)) == {("mlapi_drift_rows",): 200.0}


def test_what_is_older_than_the_window_before_is_forgotten(clock: Clock) -> None:
    monitor = DriftMonitor(ServiceMetrics(), clock=clock)
    for rows, expected in ((10, 10), (20, 30), (5, 25), (1, 6)):
        monitor.saw(snapshot(), same(rows))
        assert values(monitor)["mlapi_drift_rows",] == expected
        clock.now += WINDOW_S
    clock.now += WINDOW_S
    assert values(monitor)["mlapi_drift_rows",] == 0


def test_a_sample_is_not_taken_more_often_than_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift_monitor, "LEAST_WAIT_S", 3600.0)
    monitor = DriftMonitor(ServiceMetrics())
    for _ in range(5):
        monitor.saw(snapshot(), same(10))
    assert values(monitor)["mlapi_drift_rows",] == 10


def test_a_model_that_is_too_wide_is_not_watched(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift_monitor, "MOST_BINS", 10)
    monitor = DriftMonitor(ServiceMetrics(), clock=clock)
    monitor.saw(snapshot(), same(10))
    assert values(monitor) == {}
    assert list(monitor.samples(None)) == []


def test_where_there_is_no_room_nothing_is_watched(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("no room for so many values")

    monkeypatch.setattr(Tallies, "place", refuse)
    metrics = object.__new__(ServiceMetrics)
    metrics.registry = Registry()
    monitor = DriftMonitor(metrics, clock=clock)
    monitor.saw(snapshot(), same(10))
    assert list(monitor.samples(snapshot())) == []
