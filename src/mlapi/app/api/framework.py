"""The framework's app: every route, of which the gate answers the busiest itself. Imported when first asked for."""

from collections.abc import Callable, Sequence
from typing import Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

import mlapi
from mlapi.app.api import framework_errors
from mlapi.app.api.deprecation import Deprecations
from mlapi.app.api.docs import docs_router
from mlapi.app.api.openapi import OpenAPIDocument
from mlapi.app.api.routes.feedback import feedback_router
from mlapi.app.api.routes.health import HealthRouter
from mlapi.app.api.routes.inference import InferenceRouter
from mlapi.app.api.routes.invocations import InvocationRouter
from mlapi.app.api.routes.metrics import MetricsRouter
from mlapi.app.api.routes.models import ModelRouter
from mlapi.app.api.routes.predictions import PredictionRouter
from mlapi.app.api.routes.quality import QualityRouter
from mlapi.app.utils.metrics import ServiceMetrics
from mlapi.ops.api_config import APIConfig

# The gate sees every request before the framework does; what this would record holds messages with parts of the input.
NO_TELEMETRY: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
PREFIXES: Final[Sequence[str]] = ("", "/v1")


def make_framework(
    api: APIConfig, metrics: ServiceMetrics, deprecations: Deprecations, *, is_public: Callable[[str], bool]
) -> FastAPI:
    """Make the app that answers what the gate does not.

    Args:
        api: limits and addresses.
        metrics: which some routes count in.
        deprecations: operations that are going to go.
        is_public: whether a path needs no key.
    """
    app = FastAPI(
        title="mlapi prediction service",
        version=mlapi.__version__,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        exception_handlers=framework_errors.HANDLERS,
    )
    for prefix in PREFIXES:
        app.include_router(PredictionRouter, prefix=prefix)
        app.include_router(ModelRouter, prefix=prefix)
        app.include_router(QualityRouter, prefix=prefix)
        app.include_router(feedback_router(metrics, max_body_bytes=api.max_body_bytes), prefix=prefix)
    for router in (HealthRouter, InferenceRouter, InvocationRouter, MetricsRouter):
        app.include_router(router)
    document = OpenAPIDocument(
        lambda: app.routes,
        is_public=is_public,
        max_rows=api.max_rows,
        address=api.public_url or f"http://127.0.0.1:{api.port or 8000}",
        deprecations=deprecations,
    )
    app.include_router(docs_router(document))
    return app
