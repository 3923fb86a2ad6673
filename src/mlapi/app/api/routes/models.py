"""What is known of the loaded model."""

from typing import Any

import msgspec
from fastapi import APIRouter, Response

from mlapi.app.api.deps import CurrentModels, CurrentSnapshot, MayRead
from mlapi.app.api.responses import responses
from mlapi.app.schemas.model import ModelMetadata
from mlapi.app.services.health_service import degraded_by

ModelRouter = APIRouter(
    prefix="/models", tags=["Models"], dependencies=[MayRead], responses=responses(401, 403, 405, 500, 503)
)


@ModelRouter.get(
    "/current", summary="The loaded model", response_model=ModelMetadata, response_description="Its metadata."
)
async def current(snapshot: CurrentSnapshot, models: CurrentModels) -> Response:
    """Describe the model that answers predictions now."""
    manifest = snapshot.bundle.manifest
    metadata = {
        "model_name": snapshot.alias.name,
        "version": snapshot.version,
        "stage": snapshot.stage,
        "algorithm": manifest.algorithm,
        "metrics": manifest.metrics,
        "created_at": manifest.created_at,
        "tags": manifest.tags,
        "aliases": snapshot.aliases,
        "metric_intervals": manifest.metric_intervals,
        "digest": manifest.content_digest,
        "engine": snapshot.bundle.engine.name,
        "loaded_at": snapshot.loaded_at,
        "degraded": degraded_by(models),
    }
    return Response(msgspec.json.encode(metadata), media_type="application/json")


@ModelRouter.get(
    "/current/schema",
    summary="Its features",
    response_model=dict[str, Any],
    response_description="The content of the bundle's `schema.json`.",
)
async def current_schema(snapshot: CurrentSnapshot) -> Response:
    """Give the feature schema of the loaded model: names, kinds, categories, ranges seen in training."""
    return Response(snapshot.bundle.schema.to_json(), media_type="application/json")
