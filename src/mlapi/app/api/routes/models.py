"""What is known of the loaded model, and of the others that are here."""

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from mlapi.app.api import markdown_page
from mlapi.app.api.deps import (
    CurrentExchange,
    CurrentLocalModels,
    CurrentModels,
    CurrentRecords,
    CurrentReloading,
    CurrentSnapshot,
    MayRead,
)
from mlapi.app.api.exchange import Exchange
from mlapi.app.api.negotiation import choose
from mlapi.app.api.responses import responses
from mlapi.app.api.webhook import is_delivery, read_delivery
from mlapi.app.core.clock import timestamp
from mlapi.app.core.errors import NotAcceptable
from mlapi.app.core.security import ADMIN
from mlapi.app.schemas.model import ModelList, ModelMetadata, ModelVersions, ReloadResponse
from mlapi.app.services.auth_service import require
from mlapi.app.services.health_service import trouble
from mlapi.app.services.snapshot import Snapshot

MARKDOWN, HTML = "text/markdown", "text/html"
CARD_TYPES: Final = (MARKDOWN.encode(), HTML.encode())
ModelRouter = APIRouter(prefix="/models", tags=["Models"], responses=responses(401, 403, 405, 500))


@ModelRouter.get(
    "",
    dependencies=[MayRead],
    summary="The models",
    response_model=ModelList,
    response_description="Every model that has a version here.",
)
async def models(local: CurrentLocalModels, exchange: CurrentExchange) -> Response:
    """List the models of which this service has versions; one of them answers predictions."""
    listed = [
        {
            "name": name,
            "loaded_version": _loaded(exchange, name),
            "versions": local.versions(name),
            "aliases": local.aliases(name),
        }
        for name in local.names()
    ]
    return _json({"models": listed})


@ModelRouter.get(
    "/current",
    dependencies=[MayRead],
    summary="The loaded model",
    response_model=ModelMetadata,
    response_description="Its metadata.",
    responses=responses(503),
)
async def current(snapshot: CurrentSnapshot, models: CurrentModels, records: CurrentRecords) -> Response:
    """Describe the model that answers predictions now, and what is wrong behind it if anything is."""
    manifest = snapshot.bundle.manifest
    wrong = trouble(models, records)
    return _json(
        {
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
            "degraded": wrong.code if wrong else None,
            "degraded_reason": wrong.reason if wrong else None,
        }
    )


@ModelRouter.get(
    "/current/schema",
    dependencies=[MayRead],
    summary="Its features",
    response_model=dict[str, Any],
    response_description="The content of the bundle's `schema.json`.",
    responses=responses(503),
)
async def current_schema(snapshot: CurrentSnapshot) -> Response:
    """Give the feature schema of the loaded model: names, kinds, categories, ranges seen in training."""
    return Response(snapshot.bundle.schema.to_json(), media_type="application/json")


@ModelRouter.get(
    "/current/card",
    dependencies=[MayRead],
    summary="Its card",
    response_class=Response,
    response_description="The model card, as Markdown or as a page, whichever the Accept header prefers.",
    responses={200: {"content": {MARKDOWN: {}, HTML: {}}}, **responses(406, 503)},
)
async def current_card(snapshot: CurrentSnapshot, exchange: CurrentExchange) -> Response:
    """Give the model card: data, figures with their intervals, features, parameters."""
    chosen = choose(exchange.headers.get(b"accept"), CARD_TYPES)
    if chosen is None:
        raise NotAcceptable((MARKDOWN, HTML))
    if chosen == CARD_TYPES[0]:
        return Response(snapshot.bundle.card, media_type=MARKDOWN)
    return Response(_card_page(snapshot), media_type=HTML, headers=markdown_page.HEADERS)


@ModelRouter.post(
    "/reload",
    status_code=202,
    summary="Look at the registry now",
    response_model=ReloadResponse,
    response_description="The follower has been woken.",
    responses=responses(413),
)
async def reload(
    request: Request, exchange: CurrentExchange, models: CurrentModels, reloading: CurrentReloading
) -> Response:
    """Look at the registry at once instead of at the next regular look.

    For keys with the scope `admin`, and for MLflow's webhook, which needs no key: it signs with the secret of
    MLAPI_WEBHOOK_SECRET, its deliveries are taken for five minutes, and each of them once.
    """
    if is_delivery(exchange):
        reloading.accept(await read_delivery(request, exchange))
    else:
        require(exchange.principal, ADMIN)
    reloading.wake(models)
    version = exchange.snapshot.version if exchange.snapshot else None
    return _json({"status": "accepted", "model_version": version, "timestamp": timestamp()}, 202)


@ModelRouter.get(
    "/{name}/versions",
    dependencies=[MayRead],
    summary="Versions of a model",
    response_model=ModelVersions,
    response_description="Those that are here, and those that the registry had when it was last asked.",
    responses=responses(404),
)
async def versions(name: str, local: CurrentLocalModels, exchange: CurrentExchange) -> Response:
    """List the versions of a model that this service has, and those that its follower last saw in the registry.

    No registry is asked for it: the list is five minutes old at most, or as old as the registry's last answer.
    """
    known = local.known(name)
    listed = [
        {
            "version": version.record.version,
            "stage": version.stage,
            "aliases": version.aliases,
            "digest": version.record.content_digest,
            "created_at": version.record.created_at,
            "local": version.is_here,
            "loaded": version.record.version == _loaded(exchange, name),
        }
        for version in known.versions
    ]
    return _json({"model_name": name, "versions": listed, "registry_checked_at": known.checked_at})


def _loaded(exchange: Exchange, name: str) -> str | None:
    """The version of a model that answers this request, None if another model does."""
    snapshot = exchange.snapshot
    return snapshot.version if snapshot is not None and snapshot.alias.name == name else None


def _card_page(snapshot: Snapshot) -> str:
    """Give the bundle's own page, which has pictures, or one made of the Markdown."""
    if snapshot.bundle.card_page is not None:
        return snapshot.bundle.card_page
    return markdown_page.render(f"{snapshot.alias.name} version {snapshot.version}", snapshot.bundle.card)


def _json(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
