"""Security events: a line in the log and a count, with reason and peer, never with anything that a client sent."""

import logging
from typing import Final

from mlapi.app.utils.metrics import ServiceMetrics

METRIC: Final = "mlapi_security_events_total"


class SecurityLog:
    """Is told of what an operator may want to know of."""

    def __init__(self, metrics: ServiceMetrics, logger: logging.Logger | None = None) -> None:
        """Take where events are counted, and the logger if it is another than `mlapi.security`."""
        self._metrics = metrics
        self._log = logger or logging.getLogger("mlapi.security")

    def tell(
        self,
        event: str,
        *,
        peer: str,
        reason: str,
        level: int = logging.WARNING,
        key_id: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Write and count an event.

        Args:
            event: from a small set, for it is a label of the metric.
            peer: address of the client.
            reason: a word or two of ours.
            level: of the line.
            key_id: of the key, where one is known.
            request_id: of the request, where it is one.
        """
        self._metrics.registry.add(METRIC, event)
        fields = {"event.category": "security", "event.action": event, "event.reason": reason, "source.ip": peer}
        if key_id is not None:
            fields["key.id"] = key_id
        if request_id is not None:
            fields["http.request.id"] = request_id
        self._log.log(level, "security event: %s", event, extra={"fields": fields})

    def pattern(self, event: str, key_id: str, peer: str) -> None:
        """Tell of a pattern in the use of keys."""
        self.tell(event, peer=peer, reason="pattern", key_id=key_id)
