import logging

import pytest

from mlapi.ops.notify import Event, LogNotifier, Notifier, Severity


@pytest.mark.parametrize("severity", Severity)
def test_an_event_is_logged_at_its_severity(severity: Severity, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    notifier: Notifier = LogNotifier()
    notifier.notify(Event(key="model-refused:churn", severity=severity, summary="refused", details={"model": "churn"}))
    (record,) = caplog.records
    assert (record.levelname, record.message, record.name) == (severity.upper(), "refused", "mlapi.events")
    assert record.__dict__["fields"] == {
        "model": "churn",
        "event.action": "model-refused:churn",
        "event.severity": severity.value,
        "event.resolved": False,
    }


def test_the_end_of_trouble_is_no_alarm(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger("elsewhere")
    LogNotifier(logger).notify(Event(key="k", severity=Severity.CRITICAL, summary="over", resolved=True))
    assert [(record.levelname, record.name) for record in caplog.records] == [("INFO", "elsewhere")]
