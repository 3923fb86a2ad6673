"""Everybody whom the settings name, told at once and without harm to who tells."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlapi.ops.aws import AWSClients
from mlapi.ops.messengers import Messenger, PagerDuty, SNSTopic, Webhook
from mlapi.ops.notify import Event, LogNotifier, Notifier, Severity

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings

log = logging.getLogger(__name__)

PATIENCE_S = 15.0  # for all messengers together; boto3 alone may take seconds to import
_ORDER = tuple(Severity)  # from info to critical


class Everybody:
    """Tells the log, then every messenger at the same time; whoever is not done in time is left behind."""

    def __init__(
        self, messengers: Sequence[Messenger], *, log_to: Notifier | None = None, patience_s: float = PATIENCE_S
    ) -> None:
        """Take the messengers; each hears of what is as bad as its `least`, and of the end of it."""
        self._messengers = tuple(messengers)
        self._log = log_to or LogNotifier()
        self._patience_s = patience_s

    def notify(self, event: Event) -> None:
        """Tell of an event; see `Notifier.notify`."""
        self._log.notify(event)
        wanted = [one for one in self._messengers if _concerns(event, one)]
        # daemons: a receiver that drips would hold a client for ever, and must not hold the process
        threads = [threading.Thread(target=_tell, args=(one, event), daemon=True) for one in wanted]
        until = time.monotonic() + self._patience_s
        for thread in threads:
            thread.start()
        for one, thread in zip(wanted, threads, strict=True):
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                log.warning("%s did not take the event %s in time", type(one).__name__, event.key)


class OpenAlerts:
    """Passes the end of trouble on only where the trouble was told, by this process or an earlier one."""

    def __init__(self, inner: Notifier, folder: Path, *, log_to: Notifier | None = None) -> None:
        """Take whom to tell, a directory for one small file an open alert, and who hears of any other end."""
        self._inner = inner
        self._folder = folder
        self._log = log_to or LogNotifier()

    def notify(self, event: Event) -> None:
        """Tell of an event; see `Notifier.notify`."""
        mark = self._folder / hashlib.sha256(event.key.encode()).hexdigest()[:32]
        if event.resolved and not mark.exists():
            self._log.notify(event)
            return
        self._inner.notify(event)
        with suppress(OSError):  # a disk that is full must not hide the trouble
            if event.resolved:
                mark.unlink(missing_ok=True)
            else:
                self._folder.mkdir(parents=True, exist_ok=True)
                mark.write_text(event.key, encoding="utf-8")


def from_settings(settings: Settings) -> Everybody:
    """Make the messengers that the settings name; nobody is called yet."""
    monitoring = settings.monitoring
    messengers: list[Messenger] = []
    if monitoring.alert_webhook_url is not None:
        messengers.append(Webhook(monitoring.alert_webhook_url, monitoring.alert_webhook_secret))
    if monitoring.sns_topic_arn is not None:
        clients = AWSClients.from_settings(settings)
        messengers.append(SNSTopic(monitoring.sns_topic_arn, lambda: clients.client("sns")))
    if monitoring.pagerduty_integration_key is not None:
        messengers.append(PagerDuty(monitoring.pagerduty_integration_key, monitoring.pagerduty_url))
    return Everybody(messengers)


def open_alerts(settings: Settings) -> OpenAlerts:
    """Give the same for short-lived commands, which have forgotten what an earlier one told."""
    return OpenAlerts(from_settings(settings), settings.state_dir / "alerts")


def _concerns(event: Event, messenger: Messenger) -> bool:
    return event.resolved or _ORDER.index(event.severity) >= _ORDER.index(messenger.least)


def _tell(messenger: Messenger, event: Event) -> None:
    import urllib.error

    try:
        messenger.send(event)
    except urllib.error.HTTPError as error:
        error.close()
        log.warning("%s refused the event %s: status %d", type(messenger).__name__, event.key, error.code)
    except Exception as error:  # noqa: BLE001 # a messenger's trouble must not become the service's
        log.warning("%s did not take the event %s: %s", type(messenger).__name__, event.key, error)
