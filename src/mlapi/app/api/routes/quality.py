"""How good the model is on what it was asked."""

from functools import partial

import msgspec
from fastapi import APIRouter, Response

from mlapi.app.api.deps import CurrentRecords, CurrentSnapshot, MayRead
from mlapi.app.api.responses import responses
from mlapi.app.schemas.quality import ModelQuality
from mlapi.app.services.quality_service import quality

QualityRouter = APIRouter(prefix="/models", tags=["Feedback"], dependencies=[MayRead])


@QualityRouter.get(
    "/current/quality",
    summary="Accuracy, log loss and calibration on live predictions",
    response_model=ModelQuality,
    response_description="By version.",
    responses=responses(401, 403, 404, 405, 500, 503, codes=("log_off", "log_unavailable")),
)
async def current_quality(snapshot: CurrentSnapshot, records: CurrentRecords) -> Response:
    """Compare the logged predictions of each version with the outcomes that `/feedback` was told."""
    name = snapshot.alias.name
    versions = await records.run(partial(quality, model_name=name))
    body = {"model_name": name, "version": snapshot.version, "versions": versions}
    return Response(msgspec.json.encode(body), media_type="application/json")
