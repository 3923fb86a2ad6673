"""Clients that vanish at every stage of a request, and clients that do not read: nothing of them is left behind."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.servers import resident_mib
from tests.app.bundles import ROW
from tests.app.service import KEY
from tests.app.test_server import Running, running

EACH = 2000  # of each kind: far more than the 256 places for bodies on their way, so that lost ones would show
READERS = 100 if os.environ.get("MLAPI_PROVE") else 6
MOST_ADDED_MIB = 8.0  # a kilobyte left behind by each of 10,000 would be more
HEAD = (
    f"POST /predict HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n".encode()
)
BODY = json.dumps({"data": [ROW] * 100, "options": {"probabilities": True}}).encode()
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
SENT = {
    "nothing": b"",
    "half a head": HEAD,
    "half a body": WHOLE[: -len(BODY) // 2],
    "half of the chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "a whole request": WHOLE,
}


@pytest.fixture
def live(state_dir: Path) -> Iterator[Running]:
    with running(state_dir) as one:
        yield one


def vanish(live: Running, sent: bytes, *, reset: bool) -> None:
    """Send something and be gone, by a FIN or by an RST."""
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as client:
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(sent)


def answered(live: Running) -> dict[int, int]:
    """Requests that were answered so far, by status."""
    text = live.request("GET", "/metrics")[2].decode()
    found: dict[int, int] = {}
    for status, count in re.findall(r'^mlapi_requests_total{[^}]*status="(\d+)"[^}]*} (\d+)', text, re.MULTILINE):
        found[int(status)] = found.get(int(status), 0) + int(count)
    return found


def ask_together(live: Running, n: int) -> list[int]:
    """Statuses of requests that stand in line side by side."""
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(live.request("POST", "/predict", BODY)[0]), daemon=True)
        for _ in range(n)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return statuses


def test_thousands_that_vanish_take_no_place_and_no_memory(live: Running) -> None:
    assert ask_together(live, 3) == [200] * 3
    for sent in SENT.values():  # whatever is made once is made now
        vanish(live, sent, reset=False)
    added_mib = []
    for kind, sent in SENT.items():
        before = resident_mib(os.getpid())
        for number in range(EACH):
            vanish(live, sent, reset=bool(number % 2))
        assert ask_together(live, 3) == [200] * 3, kind
        added_mib.append(resident_mib(os.getpid()) - before)
    statuses = answered(live)
    assert statuses[200] >= 3 * (1 + len(SENT))
    assert [status for status in statuses if status >= 500] == []
    assert sum(sorted(added_mib)[:-1]) < MOST_ADDED_MIB, added_mib  # arenas of the first whole bodies aside


def test_who_does_not_read_is_closed_and_holds_nobody_up(live: Running, caplog: pytest.LogCaptureFixture) -> None:
    clients = {reader(live): WHOLE for _ in range(READERS)}
    deadline = time.monotonic() + 120
    try:
        while clients:
            assert time.monotonic() < deadline, f"{len(clients)} are still connected"
            clients = {client: rest for client in clients if (rest := press(client, clients[client])) is not None}
            time.sleep(0.001)
        assert ask_together(live, 3) == [200] * 3
    finally:
        for client in clients:
            client.close()
    assert [status for status in answered(live) if status >= 500] in ([], [503])  # there is a line, and they filled it
    assert [record for record in caplog.records if record.exc_info] == []


def reader(live: Running) -> socket.socket:
    """Connect with hardly any room for answers."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", live.port))
    client.setblocking(False)
    return client


def press(client: socket.socket, rest: bytes) -> bytes | None:
    """Send on without ever reading, one request after the other; gives what is still to be sent, None once closed."""
    try:
        return rest[client.send(rest) :] or WHOLE
    except BlockingIOError:
        return rest
    except OSError:
        client.close()
        return None
