"""The lifespan protocol, as an ASGI host speaks it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.api.lifespan import run_lifespan
from mlapi.app.main import create_app
from tests.app.service import settings


def host(run: Any) -> tuple[list[str], dict[str, Any]]:
    """Say startup and shutdown to an app; gives what it says, and the state."""
    said, state = list[str](), dict[str, Any]()
    words = iter(("lifespan.startup", "lifespan.shutdown"))

    async def receive() -> dict[str, str]:
        return {"type": next(words)}

    async def send(message: dict[str, str]) -> None:
        said.extend(message.values())

    with contextlib.suppress(ZeroDivisionError):
        asyncio.run(run({"type": "lifespan", "state": state}, receive, send))
    return said, state


@pytest.mark.parametrize(("fails", "phase"), [("before", "startup"), ("after", "shutdown")])
def test_tells_the_host_what_went_wrong(fails: str, phase: str) -> None:
    @contextlib.asynccontextmanager
    async def enter() -> AsyncIterator[dict[str, object]]:
        if fails == "before":
            raise ZeroDivisionError("wrong")
        yield {}
        raise ZeroDivisionError("wrong")

    said, _ = host(lambda *given: run_lifespan(enter, *given))
    assert said[-2] == f"lifespan.{phase}.failed"
    assert said[-1].endswith("ZeroDivisionError: wrong\n")


def test_gives_the_state_and_stops(tmp_path: Path) -> None:
    said, state = host(create_app(settings(tmp_path)))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert "mlapi" in state


def test_closes_a_websocket(tmp_path: Path) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nobody reads")

    asyncio.run(create_app(settings(tmp_path))({"type": "websocket"}, receive, send))
    assert sent == [{"type": "websocket.close"}]
