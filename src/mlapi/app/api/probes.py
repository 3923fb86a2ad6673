"""`GET /health/live`, `/health/ready` and `/metrics`: answered here, in front of the framework.

Whatever keeps a service running asks for these and for nothing else, and so never makes it load the framework. The
declarations that OpenAPI shows are in `routes/health.py` and `routes/metrics.py`.
"""

from collections.abc import Iterator

import msgspec
from starlette.types import Receive

from mlapi.app.api.exchange import Exchange, Reply
from mlapi.app.api.state_keys import STATE
from mlapi.app.core.clock import timestamp
from mlapi.app.core.errors import MethodNotAllowed
from mlapi.app.services.drift_monitor import DriftMonitor
from mlapi.app.services.health_service import NOT_READY, readiness
from mlapi.app.services.model_service import ModelService
from mlapi.app.services.prediction_log import PredictionLog
from mlapi.app.services.snapshot import Snapshot
from mlapi.app.utils.metrics import ServiceMetrics
from mlapi.ops.metrics import MODEL_INFO, Sample
from mlapi.ops.prometheus import MEDIA_TYPE, exposition


class LiveEndpoint:
    """Says that the process answers."""

    async def answer(self, exchange: Exchange, _: Receive) -> Reply:
        """Answer one request; raises MethodNotAllowed."""
        _check_method(exchange)
        return _health("alive", exchange)


class ReadyEndpoint:
    """Says whether the service predicts."""

    def __init__(self, records: PredictionLog) -> None:
        self._records = records

    async def answer(self, exchange: Exchange, _: Receive) -> Reply:
        """Answer one request; raises MethodNotAllowed."""
        _check_method(exchange)
        models: ModelService = exchange.scope["state"][STATE]
        return _health(readiness(models, self._records), exchange)


class MetricsEndpoint:
    """Gives what all workers together have counted, in Prometheus' text format."""

    def __init__(self, metrics: ServiceMetrics, drift: DriftMonitor) -> None:
        self._metrics = metrics
        self._drift = drift

    async def answer(self, exchange: Exchange, _: Receive) -> Reply:
        """Answer one request; raises MethodNotAllowed."""
        _check_method(exchange)
        snapshot = exchange.snapshot
        samples = [*self._metrics.samples(), *_model(snapshot), *self._drift.samples(snapshot)]
        return Reply(200, exposition(samples), [], MEDIA_TYPE.encode())


def _check_method(exchange: Exchange) -> None:
    if exchange.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(("GET", "HEAD"))


def _health(state: str, exchange: Exchange) -> Reply:
    version = exchange.snapshot.version if exchange.snapshot else None
    body = msgspec.json.encode({"status": state, "model_version": version, "timestamp": timestamp()})
    return Reply(503 if state == NOT_READY else 200, body, [])


def _model(snapshot: Snapshot | None) -> Iterator[Sample]:
    """What answers, as labels."""
    if snapshot is not None:
        alias, bundle = snapshot.alias, snapshot.bundle
        digest = bundle.manifest.content_digest
        yield Sample(MODEL_INFO, (alias.name, alias.version, snapshot.stage, bundle.engine.name, digest), 1.0)
