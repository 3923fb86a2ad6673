"""An app that is made when it is first asked for."""

import asyncio
import threading

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlapi.app.api.first_use import FirstUse

SCOPE: Scope = {"type": "http"}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "answered"})


async def receive() -> Message:
    raise AssertionError("nobody reads")


class Making:
    """Makes `app` once it is let; counts how often it was asked."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked, self.go = threading.Event(), threading.Event()
        self.times = 0

    def __call__(self) -> ASGIApp:
        self.times += 1
        self.asked.set()
        assert self.go.wait(30)
        if self.errors:
            raise self.errors.pop(0)
        return app


async def ask(first_use: ASGIApp, sent: list[Message]) -> None:
    async def send(message: Message) -> None:
        sent.append(message)

    await first_use(SCOPE, receive, send)


def test_is_made_once_however_many_ask_and_the_loop_goes_on_meanwhile() -> None:
    make, sent = Making(), list[Message]()
    first_use = FirstUse(make)

    async def run() -> None:
        asking = [asyncio.create_task(ask(first_use, sent)) for _ in range(20)]
        assert await asyncio.to_thread(make.asked.wait, 30)
        make.go.set()
        await asyncio.gather(*asking)
        await ask(first_use, sent)

    asyncio.run(run())
    assert (make.times, len(sent)) == (1, 21)


def test_who_gives_up_stops_nobody_else() -> None:
    make, sent = Making(), list[Message]()
    first_use = FirstUse(make)

    async def run() -> None:
        impatient, patient = (asyncio.create_task(ask(first_use, sent)) for _ in range(2))
        assert await asyncio.to_thread(make.asked.wait, 30)
        impatient.cancel()
        await asyncio.wait([impatient])
        make.go.set()
        await patient

    asyncio.run(run())
    assert (make.times, len(sent)) == (1, 1)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (ModuleNotFoundError("No module named 'fastapi'"), RuntimeError, r"fastapi.*install ml-api-platform\[serve\]"),
        (OSError("disk"), OSError, "disk"),
    ],
)
def test_says_what_is_missing_and_tries_again(error: Exception, kind: type[Exception], says: str) -> None:
    make, sent = Making(error), list[Message]()
    make.go.set()
    first_use = FirstUse(make)

    async def run() -> None:
        with pytest.raises(kind, match=says):
            await ask(first_use, sent)
        await ask(first_use, sent)

    asyncio.run(run())
    assert (make.times, len(sent)) == (2, 1)
