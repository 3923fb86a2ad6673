"""The same app behind AWS Lambda: an event of API Gateway in, its answer out.

Mangum alone would run startup and shutdown on every invocation (Kludex/mangum#342) and load the model each time. So the
lifespan is entered once for an execution environment, on a loop of its own, and Mangum is told that there is none.
Nothing in the service needs a thread or a timer between requests: a frozen process catches up by its next request.
"""

import asyncio
import os
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

from mangum import Mangum
from starlette.types import Receive, Scope, Send

from mlapi.app.core.config import ConfigManager
from mlapi.app.main import create_app
from mlapi.app.utils.logging import LoggingUtils
from mlapi.bundle.follow import Follower
from mlapi.bundle.store import open_store
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.ops.aws import AWSClients
from mlapi.ops.errors import SettingsError
from mlapi.ops.settings import Settings, load_settings


class Environment:
    """One execution environment of the function: the app, started, and kept until Lambda ends the process."""

    def __init__(self, settings: Settings) -> None:
        bring(settings)
        self._app = create_app(settings)
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)  # Mangum runs the app on it, and would make one of its own
        self._stack = AsyncExitStack()  # never closed: Lambda gives no notice
        self._state = self._loop.run_until_complete(self._stack.enter_async_context(self._app.lifespan()))
        self._adapter = Mangum(self._with_state, lifespan="off")

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        """Answer one event."""
        return self._adapter(event, context)  # type: ignore[arg-type]  # Lambda's context class is not ours to import

    async def _with_state(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "state": dict(self._state)}, receive, send)


def bring(settings: Settings) -> None:
    """Fetch and verify the model before the first request, from S3 or from a directory of the image.

    What goes wrong is in the log; the service then answers 503 and says so itself.

    Raises:
        SettingsError: no model is named, or it would have to come from MLflow, which Lambda must not wait for.
    """
    name = settings.api.model_name
    if settings.store == "mlflow":
        raise SettingsError(
            "MLAPI_STORE", "on Lambda give s3://bucket/prefix or file:DIR; `mlapi models publish` fills it"
        )
    if name is None:
        raise SettingsError("MLAPI_MODEL_NAME", "on Lambda say which model")
    key = ConfigManager(settings).read_public_key()
    source = open_store(settings.store, state_dir=settings.state_dir, s3=AWSClients.from_settings(settings).s3)
    target = DirectoryStore(settings.serving_dir)
    Follower(source, target, name, settings.api.model_stage, public_key=key, require_signature=key is not None).step()


@cache
def environment() -> Environment:
    """Start the app from the environment variables, once."""
    settings = load_settings()
    LoggingUtils.configure(settings.api.log_level)
    return Environment(settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer an event of API Gateway; what Lambda calls."""
    return environment()(event, context)


if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    environment()  # while Lambda initialises, which has more processor time than the first request
