"""What remains of a request when it is over: a line in the log and a few counters."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from mlapi.app.api.errors import entry_of, is_foreseen
from mlapi.app.api.exchange import Exchange
from mlapi.app.api.raw_paths import RAW_PATHS
from mlapi.app.core.errors import Unauthorized
from mlapi.app.services.drift_monitor import DriftMonitor
from mlapi.app.services.log_entry import LogEntry
from mlapi.app.services.prediction_log import PredictionLog
from mlapi.app.services.prediction_service import Answered
from mlapi.app.utils.logging import LoggingUtils
from mlapi.app.utils.metrics import ServiceMetrics
from mlapi.app.utils.security_log import SecurityLog
from mlapi.app.utils.tracing import Tracing, context_of
from mlapi.bundle.types import Label

# What is worth an event beside the line of the request: by code of the error, the event and how loud it is.
SECURITY: Final[Mapping[str, tuple[str, int]]] = {
    "unauthorized": ("key-refused", logging.WARNING),
    "insufficient_scope": ("scope-missing", logging.WARNING),
    "origin_not_allowed": ("origin-refused", logging.WARNING),
    "https_required": ("plain-http", logging.WARNING),
    "rate_limited": ("rate-limited", logging.WARNING),
    "invalid_json": ("input-refused", logging.INFO),
    "invalid_request": ("input-refused", logging.INFO),
    "invalid_rows": ("input-refused", logging.INFO),
    "body_too_large": ("input-refused", logging.INFO),
    "unsupported_media_type": ("input-refused", logging.INFO),
}
UNMATCHED = "unmatched"  # the route of a path that is none: paths come from clients, and labels must not


class Observer:
    """Is told of every request, by the gate."""

    def __init__(
        self,
        log: LoggingUtils,
        metrics: ServiceMetrics,
        drift: DriftMonitor,
        records: PredictionLog,
        tracing: Tracing,
        security: SecurityLog,
    ) -> None:
        """Take where the lines, the counts, the answered rows, the spans and the security events go."""
        self._security = security
        self._log = log
        self._metrics = metrics
        self._drift = drift
        self._records = records
        self._tracing = tracing

    def began(self, exchange: Exchange) -> None:
        """A request came in."""
        self._metrics.began()
        if not self._tracing.is_on:
            return
        exchange.span = self._tracing.start(exchange.method, exchange.trace, exchange.headers.get(b"tracestate"))
        if exchange.span is not None:
            exchange.trace = context_of(exchange.span)

    def failed(self, exchange: Exchange, error: Exception) -> None:
        """A request is about to be answered by an error."""
        exchange.error_code = entry_of(error).code
        self._metrics.rejected(exchange.error_code)
        if exchange.error_code in SECURITY:
            self._tell(exchange, error, *SECURITY[exchange.error_code])
        if not is_foreseen(error):
            self._log.failure(error, request_id=exchange.request_id)

    def _tell(self, exchange: Exchange, error: Exception, event: str, level: int) -> None:
        reason = error.reason if isinstance(error, Unauthorized) else str(exchange.error_code)
        self._security.tell(
            event,
            peer=exchange.address,
            reason=reason,
            level=level,
            key_id=exchange.principal.key_id if exchange.principal else None,
            request_id=exchange.request_id,
        )

    def ended(self, exchange: Exchange) -> None:
        """A request was answered, or its client has gone."""
        self._metrics.ended()
        self.tell(exchange, exchange.duration_ms)

    def tell(self, exchange: Exchange, duration_ms: float) -> None:
        """Write down what became of a request."""
        level = logging.ERROR if exchange.status >= 500 and exchange.status != 503 else logging.INFO
        self._log.access(level=level, fields=exchange.log_fields(duration_ms))
        route = route_of(exchange)
        self._metrics.answered(route, exchange.status, duration_ms / 1000)
        if exchange.span is not None:
            name, status = f"{exchange.method} {route}", exchange.status
            self._tracing.end(exchange.span, name=name, status=status, attributes=span_attributes(exchange, route))
        if exchange.answered is not None:
            self._predicted(exchange.answered)
            if exchange.answered.answer.prediction_ids is not msgspec.UNSET and exchange.status == 200:
                self._records.put(log_entry(exchange, exchange.answered, exchange.answered.answer.prediction_ids))

    def _predicted(self, answered: Answered) -> None:
        prediction = answered.prediction
        counts = by_label(prediction.labels, answered.snapshot.bundle.decision.classes)
        self._metrics.predicted(answered.snapshot.version, counts, len(prediction.unknown))
        self._drift.saw(answered.snapshot, prediction)


def by_label(labels: Sequence[Label], classes: Sequence[Label]) -> Mapping[Label, int]:
    """How many rows have each label; of two classes it counts one, in a third of the time that a Counter takes."""
    if len(labels) == 1:
        return {labels[0]: 1}
    if len(classes) > 2:
        return Counter(labels)
    n_first = labels.count(classes[0])
    counts = (n_first, len(labels) - n_first)
    return {label: count for label, count in zip(classes, counts, strict=True) if count}


def log_entry(exchange: Exchange, answered: Answered, ids: Sequence[str]) -> LogEntry:
    """What the prediction log keeps of a request."""
    return LogEntry(
        id=ids[0],
        n_rows=len(ids),
        snapshot=answered.snapshot,
        table=answered.decoded.table,
        body=answered.decoded.body,
        labels=answered.prediction.labels,
        probabilities=answered.prediction.probabilities,
        request_id=exchange.request_id,
        key_id=exchange.principal.key_id if exchange.principal else None,
        traffic=exchange.traffic,
        duration_ms=round(exchange.duration_ms, 3),
        at=datetime.now(UTC),
    )


def span_attributes(exchange: Exchange, route: str) -> dict[str, str | int]:
    """What a span says of a request; nothing of its rows."""
    attributes: dict[str, str | int] = {
        "http.request.method": exchange.method,
        "http.route": route,
        "http.response.status_code": exchange.status,
        "mlapi.request_id": exchange.request_id,
    }
    if exchange.answered is not None:
        attributes["mlapi.rows"] = exchange.answered.decoded.n_rows
        attributes["mlapi.model_version"] = exchange.answered.snapshot.version
    return attributes if exchange.error_code is None else attributes | {"error.type": exchange.error_code}


def route_of(exchange: Exchange) -> str:
    """The path of a request as it is declared, `/v1` in front where it was asked for."""
    if exchange.path in RAW_PATHS:
        return exchange.path
    route = exchange.scope.get("route")
    if route is None:
        return UNMATCHED
    versioned = exchange.path.startswith("/v1/") and not route.path.startswith("/v1/")
    return f"/v1{route.path}" if versioned else str(route.path)
