"""Declaration of what the service has counted, for Prometheus. `api/probes.py` answers it, before the framework."""

from typing import NoReturn

from fastapi import APIRouter, Response

from mlapi.app.api.deps import MayRead
from mlapi.app.api.responses import responses

MetricsRouter = APIRouter(tags=["Metrics"], dependencies=[MayRead])


@MetricsRouter.get(
    "/metrics",
    summary="Counters for Prometheus",
    response_model=None,
    response_class=Response,
    responses={
        200: {"description": "The metrics of all workers together.", "content": {"text/plain": {}}},
        **responses(401, 403, 405, 500),
    },
)
async def show() -> NoReturn:
    """Give the service's metrics in Prometheus' text format, those of all its workers together."""
    raise RuntimeError("metrics are answered in front of the framework")
