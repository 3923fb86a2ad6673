"""Messengers beyond the log: a webhook, an SNS topic, PagerDuty. Each raises what goes wrong; `notifiers` copes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from mlapi.ops.fields import Secret
from mlapi.ops.logs import redact, timestamp
from mlapi.ops.notify import Event, Severity

TIMEOUT_S = 5.0  # for each wait of a call; `notifiers` bounds the whole of it
SOURCE = "mlapi"
SUBJECT_LENGTH = 100  # SNS's limit, ASCII without line ends (API reference, Publish)
SUMMARY_LENGTH = 1024  # PagerDuty's limit (Events API v2, payload.summary)
KEY_LENGTH = 255  # PagerDuty's limit (dedup_key)
Post = Callable[[str, bytes, Mapping[str, str]], None]


class Messenger(Protocol):
    """Carries events to somebody; may fail."""

    least: Severity

    def send(self, event: Event) -> None:
        """Send an event; raises whatever goes wrong."""


class Webhook:
    """POSTs events as JSON, signed as Standard Webhooks say (https://www.standardwebhooks.com)."""

    least = Severity.WARNING

    def __init__(self, url: str, secret: Secret | None = None, *, post: Post | None = None) -> None:
        """Take the receiver's address and the secret that it shares with us; without one nothing is signed."""
        self._url = url
        self._secret = secret
        self._post = post or post_json

    def send(self, event: Event) -> None:
        """Send an event."""
        body, message_id, seconds = document(event), f"msg_{secrets.token_hex(12)}", str(int(time.time()))
        headers = {"webhook-id": message_id, "webhook-timestamp": seconds}
        if self._secret is not None:
            signed = f"{message_id}.{seconds}.".encode() + body
            headers["webhook-signature"] = signature(self._secret.get_secret_value(), signed)
        self._post(self._url, body, headers)


class SNSTopic:
    """Publishes events to a topic of Amazon SNS."""

    least = Severity.WARNING

    def __init__(self, arn: str, connect: Callable[[], Any]) -> None:
        """Take the topic, and what gives boto3's SNS client on first use."""
        self._arn = arn
        self._connect = connect

    def send(self, event: Event) -> None:
        """Send an event; its severity and whether it is over are attributes, for subscriptions to filter by."""
        state = "resolved" if event.resolved else event.severity.value
        subject = f"[{state}] {redact(event.summary)}".encode("ascii", "replace").decode()
        self._connect().publish(
            TopicArn=self._arn,
            Subject=" ".join(subject.split())[:SUBJECT_LENGTH],
            Message=document(event).decode(),
            MessageAttributes={
                "severity": {"DataType": "String", "StringValue": event.severity.value},
                "resolved": {"DataType": "String", "StringValue": str(event.resolved).lower()},
            },
        )


class PagerDuty:
    """Triggers and resolves alerts of PagerDuty (Events API v2)."""

    least = Severity.ERROR

    def __init__(self, integration_key: Secret, url: str, *, post: Post | None = None) -> None:
        """Take the key of an Events v2 integration, and the address of the API."""
        self._key = integration_key
        self._url = url
        self._post = post or post_json

    def send(self, event: Event) -> None:
        """Send an event; of one key there is one alert at PagerDuty."""
        alert = {
            "routing_key": self._key.get_secret_value(),
            "event_action": "resolve" if event.resolved else "trigger",
            "dedup_key": event.key[:KEY_LENGTH],
            "payload": {
                "summary": redact(event.summary)[:SUMMARY_LENGTH],
                "source": SOURCE,
                "severity": event.severity.value,
                "custom_details": dict(event.details),
            },
        }
        self._post(self._url, msgspec.json.encode(alert), {})


def document(event: Event) -> bytes:
    """Give an event as one JSON object."""
    return msgspec.json.encode(
        {
            "key": event.key,
            "severity": event.severity.value,
            "resolved": event.resolved,
            "summary": redact(event.summary),
            "details": dict(event.details),
            "source": SOURCE,
            "timestamp": timestamp(time.time()),
        }
    )


def signature(secret: str, signed: bytes) -> str:
    """Give `v1,` and the base64 of HMAC-SHA256."""
    return "v1," + base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()


def post_json(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """POST a body; an answer of 400 or more is an error, and what it says is not read."""
    import urllib.request  # and with it HTTP, mail headers and more, for the rare event that is sent

    request = urllib.request.Request(  # noqa: S310 # the settings take http and https only
        url, data=body, headers={"Content-Type": "application/json", "User-Agent": SOURCE, **headers}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310 # likewise
        return
