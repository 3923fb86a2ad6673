"""What a connection may do, on real sockets."""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlapi.app.api.protocol import LARGEST_HEAD_BYTES
from tests.app.bundles import ROW
from tests.app.service import KEY
from tests.app.test_server import Running, running

COUNT = 500 if os.environ.get("MLAPI_PROVE") else 40
LIMIT_S = 6.0
HEAD = (
    f"POST /predict HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n".encode()
)


@pytest.fixture(scope="module")
def live(state_dir: Path) -> Iterator[Running]:
    with running(state_dir, environ={"keep_alive_s": "3"}) as one:
        yield one


def answer(live: Running, sent: bytes) -> bytes:
    """What comes until the server closes, or stops for a second."""
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (b"", 400),
        (b"Host: a\r\nHost: a\r\n", 400),
        (b"Host: a\r\nHost: b\r\n", 400),
        (b"Host: a b\r\n", 400),
        (b"Host: a\r\n", 200),
    ],
)
def test_asks_for_one_host(live: Running, hosts: bytes, status: int) -> None:
    got = answer(live, b"GET /health/live HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
    assert int(got.split(b" ")[1]) == status


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 0x5\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
    ],
)
def test_a_body_whose_end_is_not_certain_is_refused(live: Running, framing: bytes) -> None:
    smuggled = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    got = answer(live, HEAD + framing + b"\r\n5\r\nhello\r\n0\r\n\r\n" + smuggled)
    assert got.startswith(b"HTTP/1.1 400 ")
    assert got.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("size_bytes", [LARGEST_HEAD_BYTES + 1, 3 * LARGEST_HEAD_BYTES, 300_000])
@pytest.mark.parametrize("ends", [True, False])
def test_refuses_headers_beyond_the_limit(live: Running, size_bytes: int, ends: bool) -> None:
    try:
        got = answer(live, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * size_bytes + b"\r\n\r\n" * ends)
    except OSError:
        return  # reset while it was still sending
    assert got.startswith(b"HTTP/1.1 400 ") or not got
    assert b"larger than 16384 bytes" in got or not got


def test_takes_headers_within_the_limit_before_a_large_body(live: Running) -> None:
    body = b" " * 500_000 + b'{"data": []}'
    pad = b"X-Pad: " + b"x" * 15_000 + b"\r\n"
    got = answer(live, HEAD + pad + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    assert got.startswith(b"HTTP/1.1 422 ")


OPENINGS = {
    "nothing": b"",
    "slow headers": b"POST /pre",
    "slow body": HEAD + b"Content-Length: 1000\r\n\r\n{",
    "slow chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
}


def test_closes_slow_clients_and_answers_the_good_one(live: Running) -> None:
    clients = {}
    for number in range(COUNT):
        kind = list(OPENINGS)[number % len(OPENINGS)]
        client = socket.create_connection(("127.0.0.1", live.port), timeout=30)
        client.sendall(OPENINGS[kind])
        clients[client] = kind
    began = time.monotonic()
    dripping = threading.Event()

    def drip() -> None:
        while not dripping.wait(0.5):
            for client, kind in clients.items():
                with contextlib.suppress(OSError):
                    client.sendall({"nothing": b"", "slow headers": b"d", "slow body": b" "}.get(kind, b"1\r\n \r\n"))

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    good = 0
    try:
        closed = 0
        for client in clients:
            good += live.request("POST", "/predict", b'{"data": []}')[0] == 422
            try:
                closed += client.recv(1) == b""
            except ConnectionResetError:
                closed += 1
    finally:
        dripping.set()
        thread.join()
        for client in clients:
            client.close()
    assert (closed, good) == (COUNT, COUNT)
    assert time.monotonic() - began < 30  # the deadline itself is 5 s and a look each 0.5 s; the machine may be busy


BODY = json.dumps({"data": [ROW]}).encode()
LENGTH = f"Content-Length: {len(BODY)}\r\n".encode()


def talk(live: Running, sent: bytes, n_answers: int) -> bytes:
    """What comes until there are so many answers."""
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as client:
        client.sendall(sent)
        got = b""
        while len(heads(got)) < n_answers:
            got += (more := client.recv(65536))
            assert more, "the server closed too early"
        return got


def heads(got: bytes) -> list[tuple[int, dict[str, str]]]:
    """Status and headers of every answer that is whole."""
    found: list[tuple[int, dict[str, str]]] = []
    while got:
        head, ends, rest = got.partition(b"\r\n\r\n")
        if not ends:
            break
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            break
        found.append((int(first.split(" ")[1]), headers))
        got = rest[length:]
    return found


@pytest.mark.parametrize(
    ("sent", "statuses", "closed"),
    [
        ((HEAD + LENGTH + b"\r\n" + BODY) * 3, [200, 200, 200], False),  # a pipeline
        (HEAD + LENGTH + b"\r\n" + BODY + b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", [200, 200], False),
        (HEAD + LENGTH + b"Connection: close\r\n\r\n" + BODY, [200], True),
        (HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + LENGTH + b"\r\n" + BODY, [200], True),
        (HEAD + LENGTH + b"Expect: 100-continue\r\n\r\n" + BODY, [100, 200], False),
    ],
    ids=["pipeline", "pipeline of two routes", "last of its connection", "HTTP/1.0", "asks before it sends"],
)
def test_an_answer_is_the_same_however_the_connection_is_used(
    live: Running, sent: bytes, statuses: list[int], closed: bool
) -> None:
    [(_, usual)] = heads(talk(live, HEAD + LENGTH + b"\r\n" + BODY, 1))
    got = heads(talk(live, sent, len(statuses)))
    assert [status for status, _ in got] == statuses
    last = got[-1][1]
    assert (last.get("connection") == "close") == closed
    if statuses[-1] == 200 and b"GET" not in sent:
        assert last.keys() - {"connection"} == usual.keys()
        assert {"date", "x-request-id", "x-model-version", "cache-control", "content-type"} <= usual.keys()


def test_a_connection_with_nothing_to_ask_is_closed(live: Running) -> None:
    with socket.create_connection(("127.0.0.1", live.port), timeout=15) as client:
        for _ in range(2):  # a second request in time is answered as the first
            client.sendall(HEAD + LENGTH + b"\r\n" + BODY)
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        began = time.monotonic()
        assert client.recv(1) == b""
        assert 2 < time.monotonic() - began < 10  # of the 3 that are set
