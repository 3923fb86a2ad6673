"""Probes, without a key."""

import msgspec
from fastapi import APIRouter, Response

from mlapi.app.api.deps import CurrentExchange, CurrentModels, CurrentRecords
from mlapi.app.api.exchange import Exchange
from mlapi.app.api.responses import responses
from mlapi.app.core.clock import timestamp
from mlapi.app.schemas.health import HealthResponse
from mlapi.app.services.health_service import NOT_READY, readiness

HealthRouter = APIRouter(prefix="/health", tags=["Health"])


@HealthRouter.get(
    "/live",
    summary="Does the process answer?",
    response_model=HealthResponse,
    response_description="It does.",
    responses=responses(405, 500),
)
async def live(exchange: CurrentExchange) -> Response:
    """Answer 200 as long as the process can answer at all; depends on nothing outside of it."""
    return _health("alive", exchange)


@HealthRouter.get(
    "/ready",
    summary="Can it predict?",
    response_model=HealthResponse,
    response_description="It can; `degraded` says that something behind it is wrong.",
    responses={
        503: {"model": HealthResponse, "description": "No model is loaded, or the service is about to stop."},
        **responses(405, 500),
    },
)
async def ready(exchange: CurrentExchange, models: CurrentModels, records: CurrentRecords) -> Response:
    """Answer 200 while predictions are answered, even by an older model; 503 otherwise."""
    return _health(readiness(models, records), exchange)


def _health(state: str, exchange: Exchange) -> Response:
    version = exchange.snapshot.version if exchange.snapshot else None
    body = msgspec.json.encode({"status": state, "model_version": version, "timestamp": timestamp()})
    return Response(body, 503 if state == NOT_READY else 200, media_type="application/json")
