"""Probes, without a key."""

from fastapi import APIRouter, Response

from mlapi.app.api.deps import CurrentExchange, CurrentModels
from mlapi.app.core.clock import timestamp
from mlapi.app.schemas.health import HealthResponse
from mlapi.app.services.health_service import NOT_READY, readiness

HealthRouter = APIRouter(prefix="/health", tags=["Health"])


@HealthRouter.get("/live", summary="Does the process answer?", response_model=HealthResponse)
async def live(exchange: CurrentExchange) -> dict[str, str | None]:
    """Answer 200 as long as the process can answer at all; depends on nothing outside of it."""
    return _health("alive", exchange.snapshot.version if exchange.snapshot else None)


@HealthRouter.get(
    "/ready",
    summary="Can it predict?",
    response_model=HealthResponse,
    responses={503: {"model": HealthResponse, "description": "No model is loaded, or the service is about to stop."}},
)
async def ready(exchange: CurrentExchange, models: CurrentModels, response: Response) -> dict[str, str | None]:
    """Answer 200 while predictions are answered, even by an older model; 503 otherwise."""
    state = readiness(models)
    response.status_code = 503 if state == NOT_READY else 200
    return _health(state, exchange.snapshot.version if exchange.snapshot else None)


def _health(status: str, version: str | None) -> dict[str, str | None]:
    return {"status": status, "model_version": version, "timestamp": timestamp()}
