"""Spans for OpenTelemetry, only where somebody is named to send them to; else nothing of it is imported."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from mlapi.app.utils.trace import TraceContext

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

SERVICE: Final = "mlapi-serve"
PATH: Final = "/v1/traces"  # below the endpoint (OpenTelemetry's specification of the OTLP exporter)

log = logging.getLogger(__name__)


class Tracing:
    """Makes a span of each request while it is open; gives None where traces are off."""

    def __init__(self, endpoint: str | None) -> None:
        """Take where OTLP over HTTP is received, such as `http://collector:4318`; None is off."""
        self._endpoint = endpoint
        self._tracer: Tracer | None = None

    @property
    def is_on(self) -> bool:
        """Whether spans are made."""
        return self._tracer is not None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Send spans for a while, in batches, from a thread."""
        if self._endpoint is None:
            yield
            return
        if find_spec("opentelemetry.sdk") is None:
            log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, but the extra 'otel' is not installed; no traces are sent")
            yield
            return
        provider = _provider(self._endpoint)
        self._tracer = provider.get_tracer("mlapi")
        try:
            yield
        finally:
            self._tracer = None
            provider.shutdown()

    def start(self, method: str, parent: TraceContext | None, state: bytes | None) -> Span | None:
        """Begin the span of a request, below the caller's where that is known."""
        if self._tracer is None:
            return None
        from opentelemetry.trace import SpanKind

        context = None if parent is None else _context(parent, state)
        return self._tracer.start_span(method, context=context, kind=SpanKind.SERVER)

    @staticmethod
    def end(span: Span, *, name: str, status: int, attributes: Mapping[str, Any]) -> None:
        """End it; names as in OpenTelemetry's conventions for HTTP servers."""
        from opentelemetry.trace import Status, StatusCode

        span.update_name(name)
        span.set_attributes(attributes)
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end(time.time_ns())


def context_of(span: Span) -> TraceContext:
    """The trace context that tells others of a span."""
    known = span.get_span_context()
    return TraceContext(f"{known.trace_id:032x}", f"{known.span_id:016x}", f"{known.trace_flags:02x}")


def _provider(endpoint: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + PATH, timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _context(parent: TraceContext, state: bytes | None) -> Any:
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState, set_span_in_context

    remote = SpanContext(
        int(parent.trace_id, 16),
        int(parent.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(parent.flags, 16)),
        trace_state=TraceState.from_header([state.decode("latin-1")]) if state else None,
    )
    return set_span_in_context(NonRecordingSpan(remote))
