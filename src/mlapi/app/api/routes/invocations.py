"""MLflow's scoring protocol, so that clients of `mlflow models serve` (and of SageMaker) can move over."""

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from mlapi.app.api.deps import (
    CurrentExchange,
    CurrentModels,
    CurrentRecords,
    CurrentScorer,
    CurrentSnapshot,
    MayPredict,
)
from mlapi.app.api.exchange import JSON
from mlapi.app.api.formats import CSV
from mlapi.app.api.responses import responses
from mlapi.app.core.clock import timestamp
from mlapi.app.core.request import Decoded
from mlapi.app.schemas.health import HealthResponse
from mlapi.app.schemas.invocation import FORMS, InvocationResponse, rows_of
from mlapi.app.services.health_service import NOT_READY, readiness
from mlapi.app.services.prediction_service import Answered
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.decision import shortest

BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [{"$ref": f"#/components/schemas/{form.__name__}"} for form in FORMS.values()]}
            },
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}
InvocationRouter = APIRouter(tags=["MLflow"])


@InvocationRouter.post(
    "/invocations",
    summary="Predict as MLflow's server does",
    response_model=InvocationResponse,
    response_description="One object a row.",
    responses=responses(400, 401, 403, 405, 406, 413, 415, 422, 500, 503),
    openapi_extra=BODY,
    dependencies=[MayPredict],
)
async def invocations(
    request: Request, exchange: CurrentExchange, scorer: CurrentScorer, snapshot: CurrentSnapshot
) -> Response:
    """Take `dataframe_split`, `dataframe_records`, `instances`, `inputs` or CSV.

    NaN, which MLflow's clients write for a missing cell, is taken as null here and nowhere else.
    """
    media_type, body = await scorer.read(request, exchange, (JSON, CSV))
    answered = scorer.predict(exchange, snapshot, _decoded(snapshot, body, media_type))
    return _json({"predictions": _records(answered)})


@InvocationRouter.get(
    "/ping",
    summary="Can it predict?",
    response_model=HealthResponse,
    response_description="It can.",
    responses={503: {"model": HealthResponse, "description": "It cannot (yet)."}, **responses(405, 500)},
)
async def ping(exchange: CurrentExchange, models: CurrentModels, records: CurrentRecords) -> Response:
    """Answer as `/health/ready` does."""
    state = readiness(models, records)
    version = exchange.snapshot.version if exchange.snapshot else None
    body = {"status": state, "model_version": version, "timestamp": timestamp()}
    return _json(body, 503 if state == NOT_READY else 200)


def _decoded(snapshot: Snapshot, body: bytes, media_type: bytes) -> Decoded:
    if media_type == CSV:
        return snapshot.decoder.decode_csv(body)
    document = snapshot.decoder.parse(body, nan_is_null=True)
    return snapshot.decoder.check(rows_of(document, snapshot.bundle.schema.names))


def _records(answered: Answered) -> list[dict[str, Any]]:
    """The columns that `bundle/pyfunc.py` gives."""
    prediction = answered.prediction
    names = ["prediction", *(f"probability_{name}" for name in answered.snapshot.bundle.decision.names)]
    return [
        dict(zip(names, (label, *probabilities), strict=True))
        for label, probabilities in zip(prediction.labels, shortest(prediction.probabilities), strict=True)
    ]


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
