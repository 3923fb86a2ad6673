"""The app as a host runs it: lifespan entered, its state in every scope, requests through httpx."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.types import Receive, Scope, Send

from mlapi.app.main import create_app
from mlapi.app.services.model_service import ModelService
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.ops.settings import Settings, load_settings

KEY = "mlk_test_0123456789abcdef"
JSON = {"Content-Type": "application/json"}
AUTHORIZED = {"Authorization": f"Bearer {KEY}"}


def settings(state_dir: Path, **environ: str) -> Settings:
    """Settings from an environment of the test's own."""
    given = {"MLAPI_STATE_DIR": str(state_dir), "MLAPI_API_KEYS": KEY}
    return load_settings(environ={**given, **{f"MLAPI_{name.upper()}": value for name, value in environ.items()}})


def publish(state_dir: Path, name: str, bundle: Path, *, alias: str = "production") -> str:
    """Do what the follower does: put a bundle into the local directory and move the alias; gives the version."""
    store = DirectoryStore(state_dir / "serving")
    version = store.add(name, bundle).version
    store.promote(name, alias, version, by="test")
    return version


class Service:
    """A running app in this process, asked from outside its event loop."""

    def __init__(self, given: Settings) -> None:
        self.models: ModelService | None = None
        self.scheme = "https" if given.api.https_only else "http"
        self.app = create_app(given, on_start=self._attach)
        self._state: Mapping[str, Any] = {}

    def _attach(self, models: ModelService) -> None:
        self.models = models

    async def _with_state(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "state": dict(self._state)}, receive, send)

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        try:
            self._state = self.run(self._stack.enter_async_context(self.app.lifespan()))
        except BaseException:
            self._runner.close()
            raise
        transport = httpx.ASGITransport(self._with_state, raise_app_exceptions=True)
        self._client = self.run(
            self._stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=f"{self.scheme}://testserver")
            )
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.run(self._stack.aclose())
        self._runner.close()

    def run(self, coroutine: Any) -> Any:
        """Run something in the service's event loop."""
        return self._runner.run(coroutine)

    def call(self, method: str, path: str, *, key: str | None = KEY, **arguments: Any) -> httpx.Response:
        """One request, with the key unless another is given."""
        headers = httpx.Headers(arguments.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        response: httpx.Response = self.run(self._client.request(method, path, headers=headers, **arguments))
        return response

    def get(self, path: str, *, key: str | None = KEY, **arguments: Any) -> httpx.Response:
        return self.call("GET", path, key=key, **arguments)

    def post(self, body: bytes | object, path: str = "/predict", **arguments: Any) -> httpx.Response:
        """One predict request; a body that is not bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**JSON, **arguments.pop("headers", {})}
        return self.call("POST", path, content=content, headers=headers, **arguments)

    def raw(self, scope: Mapping[str, Any], *chunks: bytes | None) -> list[dict[str, Any]]:
        """One request at the level of ASGI: the messages sent in answer to body chunks; None is a disconnect.

        It is given a Host header unless the scope says `"host": None`.
        """
        waiting = [
            {"type": "http.disconnect"} if chunk is None else {"type": "http.request", "body": chunk, "more_body": True}
            for chunk in chunks
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> Any:
            return waiting.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        whole = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": self.scheme, "query_string": b""}
        headers = [(b"authorization", f"Bearer {KEY}".encode()), (b"content-type", b"application/json")]
        made: dict[str, Any] = {**whole, "path": "/predict", "headers": headers, "host": "testserver", **scope}
        host = made.pop("host")
        if host is not None:
            made["headers"] = [*made["headers"], (b"host", host.encode())]
        self.run(self._with_state(made, receive, send))
        return sent
