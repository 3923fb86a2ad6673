"""What routes ask for: the snapshot that answers, the services, and the caller's right to ask."""

from typing import Annotated

from fastapi import Depends, Request

from mlapi.app.api.exchange import Exchange
from mlapi.app.api.middleware import EXCHANGE
from mlapi.app.api.scoring import Scorer
from mlapi.app.api.state_keys import LOCAL, RECORDS, RELOADING, SCORER, STATE
from mlapi.app.core.errors import ModelNotReady
from mlapi.app.core.security import PREDICT, READ
from mlapi.app.services.auth_service import require
from mlapi.app.services.local_models import LocalModels
from mlapi.app.services.model_service import ModelService
from mlapi.app.services.prediction_log import PredictionLog
from mlapi.app.services.reloading import Reloading
from mlapi.app.services.snapshot import Snapshot


async def exchange_of(request: Request) -> Exchange:
    """The request in hand, as the gate knows it."""
    exchange: Exchange = request.scope[EXCHANGE]
    return exchange


async def models_of(request: Request) -> ModelService:
    """The service that keeps the model loaded."""
    models: ModelService = request.scope["state"][STATE]
    return models


async def snapshot_of(exchange: Annotated[Exchange, Depends(exchange_of)]) -> Snapshot:
    """The model that answers this request, the same one that the header X-Model-Version names.

    Raises:
        ModelNotReady: none is loaded.
    """
    if exchange.snapshot is None:
        raise ModelNotReady
    return exchange.snapshot


async def require_read(exchange: Annotated[Exchange, Depends(exchange_of)]) -> None:
    """Ask that the caller may read.

    Raises:
        InsufficientScope: the key lacks the scope.
    """
    require(exchange.principal, READ)


async def local_models_of(request: Request) -> LocalModels:
    """What this machine has of models."""
    local: LocalModels = request.scope["state"][LOCAL]
    return local


async def scorer_of(request: Request) -> Scorer:
    """Answers predict requests of other protocols."""
    scorer: Scorer = request.scope["state"][SCORER]
    return scorer


async def reloading_of(request: Request) -> Reloading:
    """What wakes the follower."""
    reloading: Reloading = request.scope["state"][RELOADING]
    return reloading


async def records_of(request: Request) -> PredictionLog:
    """The predictions that are kept."""
    records: PredictionLog = request.scope["state"][RECORDS]
    return records


async def require_predict(exchange: Annotated[Exchange, Depends(exchange_of)]) -> None:
    """Ask that the caller may predict.

    Raises:
        InsufficientScope: the key lacks the scope.
    """
    require(exchange.principal, PREDICT)


CurrentExchange = Annotated[Exchange, Depends(exchange_of)]
CurrentModels = Annotated[ModelService, Depends(models_of)]
CurrentLocalModels = Annotated[LocalModels, Depends(local_models_of)]
CurrentSnapshot = Annotated[Snapshot, Depends(snapshot_of)]
CurrentReloading = Annotated[Reloading, Depends(reloading_of)]
CurrentRecords = Annotated[PredictionLog, Depends(records_of)]
CurrentScorer = Annotated[Scorer, Depends(scorer_of)]
MayPredict = Depends(require_predict)
MayRead = Depends(require_read)
