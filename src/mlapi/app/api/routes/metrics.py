"""What the service has counted, for Prometheus."""

from collections.abc import Iterator

from fastapi import APIRouter, Response

from mlapi.app.api.deps import CurrentExchange, MayRead
from mlapi.app.api.responses import responses
from mlapi.app.services.drift_monitor import DriftMonitor
from mlapi.app.services.snapshot import Snapshot
from mlapi.app.utils.metrics import ServiceMetrics
from mlapi.ops.metrics import MODEL_INFO, Sample
from mlapi.ops.prometheus import MEDIA_TYPE, exposition


def metrics_router(metrics: ServiceMetrics, drift: DriftMonitor) -> APIRouter:
    """The route of `/metrics`."""
    router = APIRouter(tags=["Metrics"], dependencies=[MayRead])

    @router.get(
        "/metrics",
        summary="Counters for Prometheus",
        response_class=Response,
        responses={
            200: {"description": "The metrics of all workers together.", "content": {"text/plain": {}}},
            **responses(401, 403, 405, 500),
        },
    )
    async def show(exchange: CurrentExchange) -> Response:
        """Give the service's metrics in Prometheus' text format, those of all its workers together."""
        samples = [*metrics.samples(), *_model(exchange.snapshot), *drift.samples(exchange.snapshot)]
        return Response(exposition(samples), media_type=MEDIA_TYPE)

    return router


def _model(snapshot: Snapshot | None) -> Iterator[Sample]:
    """What answers, as labels."""
    if snapshot is not None:
        alias, bundle = snapshot.alias, snapshot.bundle
        digest = bundle.manifest.content_digest
        yield Sample(MODEL_INFO, (alias.name, alias.version, snapshot.stage, bundle.engine.name, digest), 1.0)
