"""People hear of trouble and of its end, not of ordinary swaps."""

import threading

from mlapi.app.services.model_alerts import ModelAlerts
from mlapi.app.services.model_event import Kind, ModelEvent
from mlapi.ops.notify import Event, Severity


class Ear:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.told = threading.Semaphore(0)

    def notify(self, event: Event) -> None:
        self.heard.append(event)
        self.told.release()


def event(kind: Kind) -> ModelEvent:
    return ModelEvent(kind=kind, name="churn", version="2", generation=2, reason="golden_mismatch")


def test_tells_of_trouble_and_once_of_its_end() -> None:
    ear = Ear()
    alerts = ModelAlerts(ear)
    for kind, is_news in (("load", False), ("swap", False), ("refusal", True), ("swap", True), ("swap", False)):
        alerts(event(kind))  # type: ignore[arg-type]  # the loop widens the literals
        if is_news:
            assert ear.told.acquire(timeout=10)
    assert [(one.severity, one.resolved) for one in ear.heard] == [(Severity.ERROR, False), (Severity.INFO, True)]
    assert {one.key for one in ear.heard} == {"model:churn"}
    assert "golden_mismatch" in ear.heard[0].summary
