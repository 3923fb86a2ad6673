"""Everybody is told: real receivers on loopback, SNS by moto."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from mlapi.ops.fields import Secret
from mlapi.ops.messengers import Messenger, Webhook
from mlapi.ops.notifiers import Everybody, OpenAlerts, from_settings, open_alerts
from mlapi.ops.notify import Event, Severity
from mlapi.ops.settings import Settings, load_settings
from tests.fixtures.moto_server import KEYS, moto_server
from tests.fixtures.receiver import Receiver, receiver

BAD = Event(key="training-failed:churn", severity=Severity.ERROR, summary="churn failed", details={"model": "churn"})
OVER = Event(key="training-failed:churn", severity=Severity.ERROR, summary="churn is well", resolved=True)


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def settings(**environ: str) -> Settings:
    return load_settings(environ=environ)


def test_without_settings_the_log_is_told_and_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    from_settings(settings()).notify(BAD)
    assert [record.message for record in caplog.records] == ["churn failed"]


def test_a_webhook_gets_signed_json(there: Receiver) -> None:
    everybody = from_settings(
        settings(MLAPI_ALERT_WEBHOOK_URL=f"{there.address}/hook?a=b", MLAPI_ALERT_WEBHOOK_SECRET="s3cret")
    )
    everybody.notify(BAD)
    (got,) = there.received
    body = json.loads(got.body)
    assert got.path == "/hook?a=b"
    assert body.pop("timestamp")[-1] == "Z"
    assert body == {
        "key": "training-failed:churn",
        "severity": "error",
        "resolved": False,
        "summary": "churn failed",
        "details": {"model": "churn"},
        "source": "mlapi",
    }
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    wanted = base64.b64encode(hmac.new(b"s3cret", signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{wanted}"


def test_without_a_secret_nothing_is_signed(there: Receiver) -> None:
    Everybody([Webhook(there.address)]).notify(BAD)
    assert "webhook-signature" not in there.received[0].headers


def test_pagerduty_gets_one_alert_a_key_and_its_end(there: Receiver) -> None:
    everybody = from_settings(
        settings(MLAPI_PAGERDUTY_INTEGRATION_KEY="k" * 32, MLAPI_PAGERDUTY_URL=f"{there.address}/v2/enqueue")
    )
    everybody.notify(BAD)
    everybody.notify(OVER)
    first, second = (json.loads(got.body) for got in there.received)
    assert (first["routing_key"], first["event_action"]) == ("k" * 32, "trigger")
    assert first["payload"] == {
        "summary": "churn failed",
        "source": "mlapi",
        "severity": "error",
        "custom_details": {"model": "churn"},
    }
    assert second["event_action"] == "resolve"
    assert first["dedup_key"] == second["dedup_key"] == BAD.key


def test_pagerduty_is_not_woken_for_less_than_an_error(there: Receiver) -> None:
    environ = {
        "MLAPI_PAGERDUTY_INTEGRATION_KEY": "k",
        "MLAPI_PAGERDUTY_URL": f"{there.address}/pager",
        "MLAPI_ALERT_WEBHOOK_URL": f"{there.address}/hook",
    }
    everybody = from_settings(settings(**environ))
    everybody.notify(Event(key="k", severity=Severity.WARNING, summary="hm"))
    everybody.notify(Event(key="k", severity=Severity.INFO, summary="fine"))
    assert [got.path for got in there.received] == ["/hook"]


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A topic, and what arrives at a queue that listens to it."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": moto_server()}.items():
        monkeypatch.setenv(name, value)
    topic = boto3.client("sns").create_topic(Name=f"alerts-{uuid.uuid4().hex[:8]}")["TopicArn"]
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"alerts-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, lambda: [json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url).get("Messages", [])]


def test_an_sns_topic_gets_the_event_with_attributes_to_filter_by(queue: Any) -> None:
    topic, arrived = queue
    event = Event(key="k", severity=Severity.CRITICAL, summary="größer\nals " + "x" * 200)
    from_settings(settings(MLAPI_SNS_TOPIC_ARN=topic)).notify(event)
    (message,) = arrived()
    assert message["Subject"] == ("[critical] gr??er als " + "x" * 200)[:100]
    assert json.loads(message["Message"])["summary"] == event.summary
    assert message["MessageAttributes"]["severity"]["Value"] == "critical"
    assert message["MessageAttributes"]["resolved"]["Value"] == "false"


def test_a_receiver_that_refuses_or_is_gone_harms_nobody(there: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    there.status = 500
    Everybody([Webhook("http://127.0.0.1:1"), Webhook(there.address, Secret("s"))]).notify(BAD)
    messages = [record.message for record in caplog.records if record.name == "mlapi.ops.notifiers"]
    assert len(messages) == 2
    assert any("refused the event training-failed:churn: status 500" in message for message in messages)
    assert len(there.received) == 1


def test_a_receiver_that_hangs_is_left_behind(there: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    there.hangs = True
    with receiver() as other:
        Everybody([Webhook(there.address), Webhook(other.address)], patience_s=0.5).notify(BAD)
        assert other.arrived.wait(10)
    assert "Webhook did not take the event training-failed:churn in time" in [r.message for r in caplog.records]


class Kept:
    """Keeps what it is told."""

    least = Severity.INFO

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)

    send = notify


def test_the_end_is_told_once_and_only_of_what_was_told(tmp_path: Path) -> None:
    told = Kept()
    OpenAlerts(told, tmp_path / "alerts").notify(OVER)
    OpenAlerts(told, tmp_path / "alerts").notify(BAD)
    OpenAlerts(told, tmp_path / "alerts").notify(OVER)
    OpenAlerts(told, tmp_path / "alerts").notify(OVER)
    assert told.events == [BAD, OVER]


def test_a_full_disk_does_not_hide_the_trouble(tmp_path: Path) -> None:
    told = Kept()
    (tmp_path / "file").write_text("")
    OpenAlerts(told, tmp_path / "file").notify(BAD)
    assert told.events == [BAD]


def test_alerts_are_remembered_below_the_state_directory(tmp_path: Path) -> None:
    open_alerts(settings(MLAPI_STATE_DIR=str(tmp_path))).notify(BAD)
    assert len(list((tmp_path / "alerts").iterdir())) == 1


def test_any_notifier_with_a_send_is_a_messenger() -> None:
    kept = Kept()
    messenger: Messenger = kept
    Everybody([messenger]).notify(BAD)
    assert kept.events == [BAD]
