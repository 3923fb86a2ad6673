"""The lifespan protocol of ASGI 3 (https://asgi.readthedocs.io/en/latest/specs/lifespan.html)."""

import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.types import Receive, Scope, Send


async def run_lifespan(
    enter: Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]], scope: Scope, receive: Receive, send: Send
) -> None:
    """Start and stop at the host's word, and tell it what went wrong.

    Args:
        enter: starts everything, gives the state that every request shall have, and stops everything.
        scope: of the lifespan, whose `state` is filled.
        receive: gives the host's word.
        send: tells the host.
    """
    phase = "startup"
    await receive()
    try:
        async with enter() as state:
            scope["state"].update(state)
            await send({"type": "lifespan.startup.complete"})
            phase = "shutdown"
            await receive()
    except BaseException:
        await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})
        raise
    await send({"type": "lifespan.shutdown.complete"})
