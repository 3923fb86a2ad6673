"""An app that is made when the first request asks for it."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class FirstUse:
    """Stands for an app whose import costs more than everything that most requests need.

    It is made once, in a thread, so that what does not need it is answered meanwhile; who comes while it is being made
    waits for it. A request that gives up does not stop the making.
    """

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        """Take what imports and makes the app; it is called again only where it has failed."""
        self._make = make
        self._app: ASGIApp | None = None
        self._making: asyncio.Task[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on.

        Raises:
            RuntimeError: a module cannot be imported; the next request tries again.
        """
        if self._app is None:
            self._app = await self._made()
        await self._app(scope, receive, send)

    async def _made(self) -> ASGIApp:
        if self._making is None:
            self._making = asyncio.create_task(asyncio.to_thread(self._make))
            self._making.add_done_callback(self._forget)
        try:
            return await asyncio.shield(self._making)
        except ImportError as error:
            raise RuntimeError(f"{error}; install ml-api-platform[serve] anew") from error

    def _forget(self, making: "asyncio.Task[ASGIApp]") -> None:
        self._making = None
        if not making.cancelled():
            making.exception()  # seen, though everybody who waited may have gone
