"""Declaration of the probes, which need no key. `api/probes.py` answers them, in front of the framework."""

from typing import NoReturn

from fastapi import APIRouter

from mlapi.app.api.responses import responses
from mlapi.app.schemas.health import HealthResponse

HealthRouter = APIRouter(prefix="/health", tags=["Health"])


@HealthRouter.get(
    "/live",
    summary="Does the process answer?",
    response_model=HealthResponse,
    response_description="It does.",
    responses=responses(405, 500),
)
async def live() -> NoReturn:
    """Answer 200 as long as the process can answer at all; depends on nothing outside of it."""
    raise RuntimeError("probes are answered in front of the framework")


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
async def ready() -> NoReturn:
    """Answer 200 while predictions are answered, even by an older model; 503 otherwise."""
    raise RuntimeError("probes are answered in front of the framework")
