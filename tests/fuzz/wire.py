"""Bytes on connections: the server with the express and without, the same answers, lines and ends of connections.

Heads are made of known good ones by changes that a parser may take or refuse: letters' case, order, blanks, folding,
names that come twice, lengths that lie, two requests in one piece and one request in many.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final

from mlapi.app.api.protocol import Protocol
from mlapi.app.server import make_server
from tests.app.service import KEY, Service, publish, settings
from tests.fuzz.exchanges import NAMES, TIME, Lines
from tests.fuzz.models import bundle
from tests.fuzz.schemas import MAX_DEPTH, MAX_ROWS, SCHEMAS
from tests.fuzz.ways import Difference

ID: Final = re.compile(rb"[0-9a-f]{32}")
LINES: Final = (
    b"Connection: keep-alive",
    b"Connection: close",
    b"Expect: 100-continue",
    b"Transfer-Encoding: chunked",
    b"X-Request-ID: order-1",
    b"x-request-id:order-2 ",
    b"X-Request-Id: a b",
    b"X-Request-ID:",
    b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    b"Traceparent: 00-0-0-00",
    b"Origin: http://x",
    b"Origin: http://elsewhere",
    b"Accept: application/json",
    b"Accept: text/csv",
    b"User-Agent: a\r\n folded",
    b"User-Agent: \xff",
    b"X-Prediction-Log: off",
    b"Content-Length: 5",
    b"Content-Type: text/csv",
    b"Host: y",
    b"Authorization: Bearer mlk_nobody",
    b"NoColon",
    b"Spaced : a",
    b"",
)
PATHS: Final = (b"/predict",) * 8 + (
    b"/v1/predict",
    b"/predict?probabilities=true",
    b"/health/live",
    b"//predict",
    b"*",
)
UVICORN: Final = logging.getLogger("uvicorn.error")
METHODS: Final = (b"POST",) * 12 + (b"GET", b"HEAD", b"post", b"OPTIONS")


class Memory:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.closed = False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return {"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 6)}.get(name, default)

    def write(self, data: bytes) -> None:
        self.written += data

    def writelines(self, pieces: list[bytes]) -> None:
        self.written += b"".join(pieces)

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Parsed(Protocol):
    """A connection whose every request is parsed."""

    def _went_express(self, data: bytes) -> bool:  # whatever it is
        return False


class Wire:
    """One service, and both kinds of connection to it."""

    def __init__(self, name: str, folder: Path) -> None:
        given = settings(folder, max_rows=str(MAX_ROWS), max_depth=str(MAX_DEPTH), failed_keys_per_minute="0")
        publish(folder, name, bundle(SCHEMAS[name], folder / "bundle", n_classes=NAMES[name]))
        self._service = Service(given)
        self._server = make_server(given)
        self.taken: Counter[bool] = Counter()

    def __enter__(self) -> Wire:
        self._service.__enter__()
        self._level = UVICORN.level
        UVICORN.setLevel(logging.CRITICAL)  # it warns of every request that is none
        config = self._server.config
        config.app = self._service.app
        config.load()
        express = self._service.app.express
        real = express.answer

        def answer(*asked: Any) -> bytes | None:
            found: bytes | None = real(*asked)
            self.taken[found is not None] += 1
            return found

        vars(express)["answer"] = answer
        return self

    def __exit__(self, *error: Any) -> None:
        UVICORN.setLevel(self._level)
        self._service.__exit__(*error)

    def compare(self, pieces: list[bytes]) -> int:
        """Send pieces by both kinds; gives how many answers came; raises Difference."""
        found, expected = (self._service.run(self._told(kind, pieces)) for kind in (Protocol, Parsed))
        if found != expected:
            raise Difference(f"{pieces}: with the express {found}, without {expected}")
        return int(found[0].count(b"HTTP/1.1 "))

    async def _told(self, kind: type[Protocol], pieces: list[bytes]) -> tuple[bytes, bool, list[str]]:
        transport = Memory()
        connection = kind(self._server.config, self._server.server_state, dict(self._service._state))
        with Lines() as lines:
            connection.connection_made(transport)
            for piece in pieces:
                if not transport.closed:
                    connection.data_received(piece)
                await _rest(connection)
            connection.connection_lost(None)
            await _rest(connection)
        heard = sorted(ID.sub(b"", str(line).encode()).decode() for line in lines)
        return ID.sub(b"", TIME.sub(b"", bytes(transport.written))), transport.closed, heard


async def _rest(connection: Protocol) -> None:
    """Let a connection answer what it has wholly got."""

    def is_busy() -> bool:
        answering = connection._answering
        waits = answering is not None and answering.more_body and connection.parser is not None
        return bool(connection.tasks) and not waits

    while is_busy():  # noqa: ASYNC110  # nothing tells when a server is idle
        await asyncio.sleep(0)


def request(rng: Random, body: bytes) -> bytes:
    """A request around a body, mostly a good one."""
    lines = [b"Host: x", b"Authorization: Bearer " + KEY.encode(), b"Content-Type: application/json"]
    lines.append(b"Content-Length: %d" % (len(body) + rng.choice((0,) * 20 + (1, -1))))
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        lines.insert(rng.randint(0, len(lines)), rng.choice(LINES))
    if rng.random() < 0.1:
        lines.pop(rng.randrange(len(lines)))
    if rng.random() < 0.1:
        rng.shuffle(lines)
    if rng.random() < 0.1:
        at = rng.randrange(len(lines))
        lines[at] = rng.choice((lines[at].lower(), lines[at].upper(), lines[at].replace(b": ", b":"), lines[at] * 2))
    first = b" ".join((rng.choice(METHODS), rng.choice(PATHS), rng.choice((b"HTTP/1.1",) * 20 + (b"HTTP/1.0",))))
    end = rng.choice((b"\r\n",) * 30 + (b"\n",))
    return end.join([first, *lines, b"", b""]) + body


def pieces_of(rng: Random, sent: list[bytes]) -> list[bytes]:
    """Some requests as they come: mostly one a piece."""
    if rng.random() < 0.7:
        return sent
    whole = b"".join(sent)
    cuts = sorted(rng.randint(0, len(whole)) for _ in range(rng.randint(0, 4)))
    return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True) if start < end]
