"""Whole requests through the app, with the native way and without: status, headers, body, log lines and counts."""

from __future__ import annotations

import logging
import re
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, Self
from unittest import mock

from mlapi.app.schemas import native
from tests.app.service import KEY, Service, publish, settings
from tests.fuzz.corpus import Entry
from tests.fuzz.models import bundle
from tests.fuzz.schemas import MAX_DEPTH, MAX_ROWS, SCHEMAS
from tests.fuzz.ways import Difference
from tests.fuzz.words import pairs, raw

NAMES: Final = {
    "churn": 2,
    "categories": 3,
    "ranges": 2,
    "ignoring": 4,
    "booleans": 2,
}  # schemas, and classes of the model
TIME: Final = re.compile(rb'"timestamp":"[^"]*"')
MEASURED: Final = re.compile(r"second|byte|time|process|memory|drift")  # metrics that a clock has a part in
QUERIES: Final = raw("queries")
HEADERS: Final = pairs("headers")
LOG: Final = logging.getLogger("mlapi")
OWN: Final = (b"x-request-id", b"fuzz")


class Ask(NamedTuple):
    """A request around a body."""

    scope: dict[str, Any]
    chunks: list[bytes]


class Lines(logging.Handler):
    """Collects what the service logs while it is entered, without what a clock says."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[object, ...]] = []

    def emit(self, record: logging.LogRecord) -> None:
        fields = {name: value for name, value in getattr(record, "fields", {}).items() if name != "event.duration_ms"}
        self._lines.append((record.name, record.levelname, record.getMessage(), fields))

    def __enter__(self) -> list[tuple[object, ...]]:
        self._level = LOG.level
        LOG.setLevel(logging.INFO)
        LOG.addHandler(self)
        return self._lines

    def __exit__(self, *_: object) -> None:
        LOG.removeHandler(self)
        LOG.setLevel(self._level)


class Pair:
    """Two services over one model: with the native way, and without."""

    def __init__(self, name: str, folder: Path) -> None:
        self._given = settings(
            folder, max_rows=str(MAX_ROWS), max_depth=str(MAX_DEPTH), failed_keys_per_minute="1000000"
        )
        if not (folder / "bundle").exists():
            publish(folder, name, bundle(SCHEMAS[name], folder / "bundle", n_classes=NAMES[name]))

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.native = stack.enter_context(Service(self._given))
            with mock.patch.object(native, "_extension", return_value=None):
                self.general = stack.enter_context(Service(self._given))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def compare(self, entry: Entry, ask: Ask) -> str:
        """Ask both; gives the status; raises Difference."""
        found, expected = told(self.native, ask), told(self.general, ask)
        if found != expected or not found.lines:
            difference = Difference(f"{ask.scope}: the native way gives {found}, the general one {expected}")
            difference.entry = entry
            raise difference
        return str(found.status)

    def compare_metrics(self) -> int:
        """See that both counted the same; gives the number of samples; raises Difference."""
        found, expected = (samples(service.get("/metrics").text) for service in (self.native, self.general))
        if found != expected:
            raise Difference(f"metrics differ: {sorted(found ^ expected)[:6]}")
        return len(found)


def ask_for(rng: Random, body: bytes) -> Ask:
    """Put a body into a request, mostly a plain one."""
    headers = {b"authorization": f"Bearer {KEY}".encode(), b"content-type": b"application/json", b"host": b"testserver"}
    headers.update([OWN, *([rng.choice(HEADERS)] if rng.random() < 0.3 else [])])
    query = rng.choice(QUERIES) if rng.random() < 0.3 else b""
    path = "/v1/predict" if rng.random() < 0.2 else "/predict"
    scope = {"path": path, "query_string": query, "headers": list(headers.items())}
    cuts = sorted(rng.randint(0, len(body)) for _ in range(rng.choice((0, 0, 0, 1, 3))))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    return Ask(scope, pieces)


class Told(NamedTuple):
    """All that a request leaves behind."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    lines: list[tuple[object, ...]]


def told(service: Service, ask: Ask) -> Told:
    """Send a request and listen."""
    with Lines() as lines:
        start, body = send(service, ask)
    return Told(start["status"], start["headers"], TIME.sub(b"", body["body"]), lines)


def send(service: Service, ask: Ask) -> list[dict[str, Any]]:
    """Send a request at the level of ASGI; gives the two messages of the answer."""
    usual = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http"}
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in ask.chunks]
    waiting[-1]["more_body"] = False
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def take(message: Any) -> None:
        sent.append(message)

    service.run(service._with_state({**usual, **ask.scope}, receive, take))
    return sent


def samples(text: str) -> set[str]:
    """The lines of metrics that no clock has a part in."""
    return {line for line in text.splitlines() if not (line.startswith("#") or MEASURED.search(line))}
