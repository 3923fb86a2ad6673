"""The app: settings in, an ASGI callable out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from mlapi.app.api import raw_paths
from mlapi.app.api.admission import Admission
from mlapi.app.api.border import Border
from mlapi.app.api.deprecation import DECLARED, Deprecation, Deprecations
from mlapi.app.api.docs_paths import is_docs_path
from mlapi.app.api.express import Asking, Express
from mlapi.app.api.first_use import FirstUse
from mlapi.app.api.lifespan import run_lifespan
from mlapi.app.api.limiting import Limiting
from mlapi.app.api.middleware import Gate, Guards, RawRoute
from mlapi.app.api.observer import Observer
from mlapi.app.api.peer import Proxies
from mlapi.app.api.predict import PredictEndpoint
from mlapi.app.api.probes import LiveEndpoint, MetricsEndpoint, ReadyEndpoint
from mlapi.app.api.scoring import Scorer
from mlapi.app.api.state_keys import LOCAL, RECORDS, RELOADING, SCORER, STATE
from mlapi.app.core.config import ConfigManager
from mlapi.app.core.security import PREDICT, READ
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.app.services.auth_service import AuthService
from mlapi.app.services.deliveries import Deliveries
from mlapi.app.services.drift_monitor import DriftMonitor
from mlapi.app.services.key_settings import sources
from mlapi.app.services.keyring import Keyring
from mlapi.app.services.loading import SnapshotLoader
from mlapi.app.services.local_model import LocalModel
from mlapi.app.services.local_models import LocalModels
from mlapi.app.services.model_alerts import ModelAlerts
from mlapi.app.services.model_event import Listener, ModelEvent
from mlapi.app.services.model_metrics import ModelMetrics
from mlapi.app.services.model_service import ModelService
from mlapi.app.services.pattern_alerts import PatternAlerts
from mlapi.app.services.prediction_log import PredictionLog
from mlapi.app.services.prediction_service import PredictionService
from mlapi.app.services.rate_limits import MemoryStore, Policy, RateLimitStore
from mlapi.app.services.redis_limits import RedisStore
from mlapi.app.services.reloading import Reloading
from mlapi.app.services.usage_watch import UsageWatch
from mlapi.app.utils.logging import LoggingUtils
from mlapi.app.utils.metrics import ServiceMetrics
from mlapi.app.utils.security_log import SecurityLog
from mlapi.app.utils.tracing import Tracing
from mlapi.ops import notifiers
from mlapi.ops.api_config import APIConfig
from mlapi.ops.errors import SettingsError
from mlapi.ops.settings import Settings

Lifespan = Callable[[], contextlib.AbstractAsyncContextManager[dict[str, Any]]]
PROBES = frozenset({"/health/live", "/health/ready", "/ping", "/v2/health/live", "/v2/health/ready"})


class App:
    """The service as an ASGI 3 callable."""

    def __init__(self, gate: Gate, lifespan: Lifespan) -> None:
        """Take what answers requests, and what has to run around it; `lifespan()` gives the state of all requests."""
        self._gate = gate
        self.express = gate.express
        self.lifespan = lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or run the lifespan; there are no websockets."""
        if scope["type"] == "http":
            await self._gate(scope, receive, send)
        elif scope["type"] == "lifespan":
            await run_lifespan(self.lifespan, scope, receive, send)
        else:
            await send({"type": "websocket.close"})


def create_app(
    settings: Settings,
    *,
    on_start: Callable[[ModelService], None] | None = None,
    metrics_folder: Path | None = None,
    deprecated: Sequence[Deprecation] = DECLARED,
) -> App:
    """Make the app for any ASGI host that runs the lifespan and hands its state on.

    Nothing is read and nothing runs until the lifespan begins.

    Args:
        settings: of the service.
        on_start: is given the model service of each lifespan, so that a server can tell it that it drains.
        metrics_folder: where all workers of one run count together; None counts in memory.
        deprecated: operations that are going to go.
    """
    config = ConfigManager(settings)
    api = settings.api
    metrics = ServiceMetrics()
    drift = DriftMonitor(metrics)
    records = PredictionLog(settings)
    tracing = Tracing(settings.monitoring.otlp_endpoint)
    security = SecurityLog(metrics)
    keyring = Keyring(list(sources(settings)), revoked_within_s=settings.security.keys_revoked_within_s)
    limiting = _limiting(settings, metrics)
    kept = KeysAndLimits(keyring, limiting)
    is_public = partial(_is_public, docs=config.docs_are_public)
    deprecations = Deprecations(deprecated)
    log = LoggingUtils(cloudwatch=settings.monitoring.cloudwatch_enabled)
    auth = AuthService(
        keyring,
        UsageWatch(security.pattern, _pattern_alerts(settings)),
        failures_per_minute=settings.security.failed_keys_per_minute,
    )
    admission = Admission(waited=metrics.waited)
    observer = Observer(log, metrics, drift, records, tracing, security)
    gate = Gate(
        FirstUse(partial(_framework, api, metrics, deprecations, is_public)),
        guards=Guards(
            _border(api),
            auth,
            limiting,
            admission,
            api.request_timeout_s,
        ),
        raw=_raw(api, records, metrics, drift),
        is_public=is_public,
        deprecations=deprecations,
        observer=observer,
        express=Express(
            Asking(auth, limiting, admission, PredictionService(records.new_ids), observer),
            max_body_bytes=api.max_body_bytes,
        ),
    )
    lifespan = partial(_lifespan, settings, on_start, metrics, metrics_folder, records, tracing, kept)
    return App(gate, lifespan)


def _framework(
    api: APIConfig, metrics: ServiceMetrics, deprecations: Deprecations, is_public: Callable[[str], bool]
) -> ASGIApp:
    """Import and make what answers everything that is not in `_raw`; most services never ask for it."""
    from mlapi.app.api.framework import make_framework

    return make_framework(api, metrics, deprecations, is_public=is_public)


def _raw(api: APIConfig, records: PredictionLog, metrics: ServiceMetrics, drift: DriftMonitor) -> dict[str, RawRoute]:
    predict = PredictEndpoint(
        PredictionService(records.new_ids), max_body_bytes=api.max_body_bytes, max_explained_rows=api.max_explained_rows
    )
    return {
        **dict.fromkeys(raw_paths.PREDICT, RawRoute(predict, PREDICT, in_line=True)),
        raw_paths.LIVE: RawRoute(LiveEndpoint(), None),
        raw_paths.READY: RawRoute(ReadyEndpoint(records), None),
        raw_paths.METRICS: RawRoute(MetricsEndpoint(metrics, drift), READ),
    }


class KeysAndLimits(NamedTuple):
    """What of the gate has to be opened and closed."""

    keyring: Keyring
    limiting: Limiting


def _pattern_alerts(settings: Settings) -> PatternAlerts:
    return PatternAlerts(notifiers.from_settings(settings), settings.state_dir / "told-patterns")


def _limiting(settings: Settings, metrics: ServiceMetrics) -> Limiting:
    api = settings.api
    given = api.rate_limit_store.get_secret_value()
    window_s = api.rate_limit_window_s
    per_peer, per_key = (
        Policy(name, quota, window_s) if quota and given != "gateway" else None
        for name, quota in (("peer", api.rate_limit_per_peer), ("key", api.rate_limit_per_key))
    )
    store: RateLimitStore = MemoryStore()
    if given not in ("memory", "gateway"):
        if find_spec("redis") is None:
            raise SettingsError("MLAPI_RATE_LIMIT_STORE", "redis is not installed; install ml-api-platform[redis]")
        store = RedisStore(given, failed=metrics.uncounted)
    return Limiting(store, per_peer=per_peer, per_key=per_key, at_once=api.max_concurrent_per_key)


def _border(api: APIConfig) -> Border:
    return Border(
        Proxies(api.trusted_proxies),
        https_only=api.https_only,
        also_plain=PROBES,
        public_url=api.public_url,
        origins=api.cors_origins,
    )


def _is_public(path: str, *, docs: bool) -> bool:
    return path in PROBES or (docs and is_docs_path(path))


@contextlib.asynccontextmanager
async def _lifespan(
    settings: Settings,
    on_start: Callable[[ModelService], None] | None,
    metrics: ServiceMetrics,
    metrics_folder: Path | None,
    records: PredictionLog,
    tracing: Tracing,
    kept: KeysAndLimits,
) -> AsyncIterator[dict[str, Any]]:
    """Load the model, keep it fresh, and give the services to every request."""
    notifier = notifiers.from_settings(settings)
    with metrics.shared(metrics_folder), tracing.opened():
        async with records.opened(metrics, notifier):
            models = _models(settings, [ModelAlerts(notifier), ModelMetrics(metrics), records.tell])
            models.load_now()
            await asyncio.to_thread(kept.keyring.read_now)
            if on_start is not None:
                on_start(models)
            watching = asyncio.create_task(models.watch())
            try:
                yield {
                    STATE: models,
                    LOCAL: LocalModels(settings.serving_dir),
                    RELOADING: Reloading(settings.serving_dir, _deliveries(settings)),
                    SCORER: Scorer(PredictionService(records.new_ids), max_body_bytes=settings.api.max_body_bytes),
                    RECORDS: records,
                }
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                await models.close()
                await kept.keyring.close()
                await kept.limiting.store.close()


def _deliveries(settings: Settings) -> Deliveries:
    secret = settings.security.webhook_secret
    return Deliveries(secret.get_secret_value().encode() if secret else None, settings.state_dir / "deliveries")


def _models(settings: Settings, listeners: Sequence[Listener]) -> ModelService:
    api = settings.api
    local = LocalModel(settings.serving_dir, name=api.model_name, alias=api.model_stage)
    decoder = partial(RequestDecoder, max_rows=api.max_rows, max_depth=api.max_depth)
    loader = SnapshotLoader(local, decoder, public_key=ConfigManager(settings).read_public_key())

    def tell(event: ModelEvent) -> None:
        for listener in listeners:
            listener(event)

    return ModelService(local, loader, tell=tell)
