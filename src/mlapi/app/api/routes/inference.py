"""The Open Inference Protocol, version 2, with its binary tensor data extension.

Specification: github.com/kserve/open-inference-protocol. What a client of Triton, KServe or MLServer sends to a model
of a table is answered here, by the same checks and the same model as `/predict`.
"""

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

import mlapi
from mlapi.app.api import tensor_answer
from mlapi.app.api.deps import (
    CurrentExchange,
    CurrentModels,
    CurrentRecords,
    CurrentScorer,
    CurrentSnapshot,
    MayPredict,
    MayRead,
)
from mlapi.app.api.exchange import JSON, Exchange
from mlapi.app.api.responses import responses
from mlapi.app.core.errors import InvalidRequest
from mlapi.app.schemas.inference import (
    InferenceModel,
    InferenceModelReady,
    InferenceServer,
    InferRequest,
    InferResponse,
    ServerLive,
    ServerReady,
)
from mlapi.app.schemas.protocol_body import fit
from mlapi.app.schemas.tensors import rows_of
from mlapi.app.services.health_service import NOT_READY, readiness
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.errors import ModelNotFound

OCTETS: Final = b"application/octet-stream"
HEADER: Final = b"inference-header-content-length"
BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/InferRequest"}},
            "application/octet-stream": {
                "schema": {
                    "type": "string",
                    "format": "binary",
                    "description": "The JSON text, whose length stands in the header Inference-Header-Content-Length, "
                    "then the tensors with a `binary_data_size`.",
                }
            },
        },
    }
}
BINARY: Final[dict[str, Any]] = {
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
}
InferenceRouter = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])


@InferenceRouter.get(
    "",
    summary="The server",
    response_model=InferenceServer,
    response_description="Its name, version and extensions.",
    responses=responses(401, 403, 405, 500),
    dependencies=[MayRead],
)
async def server() -> Response:
    """Say which extensions of the protocol are spoken."""
    return _json({"name": "mlapi", "version": mlapi.__version__, "extensions": ["binary_tensor_data"]})


@InferenceRouter.get(
    "/health/live",
    summary="Does the process answer?",
    response_model=ServerLive,
    response_description="It does.",
    responses=responses(405, 500),
)
async def live() -> Response:
    """Answer 200 as long as the process can answer at all."""
    return _json({"live": True})


@InferenceRouter.get(
    "/health/ready",
    summary="Can it predict?",
    response_model=ServerReady,
    response_description="It can.",
    responses={503: {"model": ServerReady, "description": "It cannot (yet)."}, **responses(405, 500)},
)
async def ready(models: CurrentModels, records: CurrentRecords) -> Response:
    """Answer 200 while predictions are answered, 503 otherwise."""
    is_ready = readiness(models, records) != NOT_READY
    return _json({"ready": is_ready}, 200 if is_ready else 503)


@InferenceRouter.get(
    "/models/{name}",
    summary="The model's tensors",
    response_model=InferenceModel,
    response_model_exclude_none=True,
    response_description="Inputs and outputs.",
    responses=responses(401, 403, 404, 405, 500, 503),
    dependencies=[MayRead],
)
@InferenceRouter.get(
    "/models/{name}/versions/{version}",
    summary="A version's tensors",
    response_model=InferenceModel,
    response_description="Inputs and outputs.",
    responses=responses(401, 403, 404, 405, 500, 503),
    dependencies=[MayRead],
)
async def model(snapshot: CurrentSnapshot, name: str, version: str | None = None) -> Response:
    """Describe the inputs and outputs of the loaded model."""
    _check_named(snapshot, name, version)
    bundle = snapshot.bundle
    tensors = tensor_answer.metadata(bundle.schema, bundle.decision)
    return _json({"name": name, "versions": [snapshot.version], "platform": bundle.manifest.algorithm, **tensors})


@InferenceRouter.get(
    "/models/{name}/ready",
    summary="Can the model predict?",
    response_model=InferenceModelReady,
    response_description="It can.",
    responses=responses(401, 403, 404, 405, 500, 503),
    dependencies=[MayRead],
)
@InferenceRouter.get(
    "/models/{name}/versions/{version}/ready",
    summary="Can the version predict?",
    response_model=InferenceModelReady,
    response_description="It can.",
    responses=responses(401, 403, 404, 405, 500, 503),
    dependencies=[MayRead],
)
async def model_ready(snapshot: CurrentSnapshot, name: str, version: str | None = None) -> Response:
    """Answer 200 while the model is loaded."""
    _check_named(snapshot, name, version)
    return _json({"name": name, "ready": True})


@InferenceRouter.post(
    "/models/{name}/infer",
    summary="Predict tensors",
    response_model=InferResponse,
    response_description="Labels and probabilities as tensors.",
    responses={200: BINARY, **responses(400, 401, 403, 404, 405, 406, 413, 415, 422, 500, 503)},
    openapi_extra=BODY,
    dependencies=[MayPredict],
)
@InferenceRouter.post(
    "/models/{name}/versions/{version}/infer",
    summary="Predict tensors by a version",
    response_model=InferResponse,
    response_description="Labels and probabilities as tensors.",
    responses={200: BINARY, **responses(400, 401, 403, 404, 405, 406, 413, 415, 422, 500, 503)},
    openapi_extra=BODY,
    dependencies=[MayPredict],
)
async def infer(
    request: Request,
    exchange: CurrentExchange,
    scorer: CurrentScorer,
    snapshot: CurrentSnapshot,
    name: str,
    version: str | None = None,
) -> Response:
    """Give one prediction a row.

    A feature is a tensor of its name, of shape [n] or [n, 1]; where all features are numbers, one matrix [n, features]
    of any other name will do. A missing cell is null in JSON, NaN or an empty text in binary data.
    """
    _check_named(snapshot, name, version)
    _, body = await scorer.read(request, _with_type(exchange), (JSON, OCTETS), (JSON, OCTETS))
    size_bytes = _json_size(exchange, len(body))
    asked = fit(snapshot.decoder.parse(body[:size_bytes]), InferRequest)
    rows = rows_of(asked, body[size_bytes:], snapshot.bundle.schema)
    answered = scorer.predict(exchange, snapshot, snapshot.decoder.check(rows))
    text, binary = tensor_answer.write(asked, answered)
    if not binary:
        return Response(text, media_type="application/json")
    sizes = {"Inference-Header-Content-Length": str(len(text))}
    return Response(text + binary, media_type=OCTETS.decode(), headers=sizes)


def _with_type(exchange: Exchange) -> Exchange:
    """The protocol's clients leave the media type out."""
    exchange.headers.setdefault(b"content-type", JSON)
    return exchange


def _json_size(exchange: Exchange, size_bytes: int) -> int:
    given = exchange.headers.get(HEADER)
    if given is None:
        return size_bytes
    if not given.isdigit() or len(given) > 9 or int(given) > size_bytes:
        raise InvalidRequest("Inference-Header-Content-Length must be the length of the JSON text in bytes")
    return int(given)


def _check_named(snapshot: Snapshot, name: str, version: str | None) -> None:
    """Ask that the loaded model is meant.

    Raises:
        ModelNotFound: it is another one.
    """
    if name != snapshot.alias.name or version not in (None, snapshot.version):
        raise ModelNotFound(name, version=version)


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
