"""Telling people when a model does not load, and when that is over."""

import threading

from mlapi.app.services.model_event import ModelEvent
from mlapi.ops.notify import Notifier


class ModelAlerts:
    """Hears of model events and passes on trouble and its end; an ordinary swap is no news."""

    def __init__(self, notifier: Notifier) -> None:
        """Take whom to tell."""
        self._notifier = notifier
        self._open = False

    def __call__(self, event: ModelEvent) -> None:
        """Tell of an event, in a thread of its own: a messenger may take seconds."""
        notice = event.as_notice()
        news = self._open or not notice.resolved
        self._open = not notice.resolved
        if news:
            threading.Thread(target=self._notifier.notify, args=(notice,), daemon=True).start()
