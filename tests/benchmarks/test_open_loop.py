"""The open-loop client, on a real server of this process."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from benchmarks.open_loop import Answers, LoadFault, open_loop, send

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="the client is compiled, and there is no C compiler")


class Handler(BaseHTTPRequestHandler):
    """Answers as its body asks, and keeps what it was sent."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[bytes, str | None]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((body, self.headers["X-Note"]))
        getattr(self, f"answer_{body.partition(b' ')[0].decode()}")()

    def answer_good(self) -> None:
        self.reply(200, b"x" * 100_000)

    def answer_busy(self) -> None:
        self.reply(503, b"{}")

    def answer_last(self) -> None:
        self.close_connection = True
        self.reply(200, b"{}", {"Connection": "close"})

    def answer_gone(self) -> None:
        self.close_connection = True
        self.reply(200, b"{}")  # closes without having said so

    def answer_lost(self) -> None:
        self.close_connection = True

    def answer_chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in (b"5\r\nabcde\r\n", b"2\r\nfg\r\n", b"0\r\n\r\n"):
            self.wfile.write(chunk)

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Handler.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.socket.close()


def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/predict"


def sent(server: ThreadingHTTPServer, bodies: list[bytes], n: int = 12, connections: int = 3) -> Answers:
    picks = np.arange(n) % len(bodies)
    return send(url(server), {"X-Note": "n"}, bodies, np.zeros(n), picks, connections=connections)


def test_each_request_is_answered_with_its_own_body_and_headers(server: ThreadingHTTPServer) -> None:
    bodies = [b"good " + b"a" * 300_000, b"chunks", b"last"]
    found = sent(server, bodies)
    assert found.statuses() == {200: 12}
    assert sorted(Handler.seen) == sorted((bodies[i % 3], "n") for i in range(12))


def test_refusals_are_counted_and_their_time_is_not(server: ThreadingHTTPServer) -> None:
    found = sent(server, [b"busy", b"good"])
    assert found.statuses() == {200: 6, 503: 6}
    assert len(found.latency_ms()) == 6


def test_lost_connections_are_opened_again(server: ThreadingHTTPServer) -> None:
    assert sent(server, [b"lost", b"chunks"]).statuses() == {0: 6, 200: 6}


def test_a_connection_closed_between_requests_costs_none(server: ThreadingHTTPServer) -> None:
    due = np.arange(3) * 0.5
    assert send(url(server), {}, [b"gone"], due, np.zeros(3, int), connections=1).statuses() == {200: 3}


def test_time_counts_from_when_a_request_was_due(server: ThreadingHTTPServer) -> None:
    found = sent(server, [b"chunks"], connections=1)
    assert np.all(found.sent_s[1:] >= found.done_s[:-1])  # they wait in line for the one connection
    assert found.latency_ms() == pytest.approx(found.done_s * 1e3)


def test_what_is_not_answered_in_time_has_no_status(server: ThreadingHTTPServer) -> None:
    found = send(url(server), {}, [b"good"], np.zeros(50), np.zeros(50, int), connections=1, grace_s=0.0)
    assert found.statuses()[0] > 0
    assert np.all(found.done_s[found.status == 0] == -1)


def test_a_rate_picks_bodies_evenly_and_the_same_again(server: ThreadingHTTPServer) -> None:
    first, again = (open_loop(url(server), {}, [b"good", b"busy"], 100, 0.5, seed=8, connections=4) for _ in (1, 2))
    assert first.statuses() == again.statuses()
    assert set(first.statuses()) == {200, 503}


def test_only_this_machine_is_put_under_load() -> None:
    with pytest.raises(LoadFault, match="other machines are not put under load"):
        open_loop("http://example.com:80/predict", {}, [b"good"], 1, 1, seed=0)


def test_a_load_without_end_is_refused() -> None:
    with pytest.raises(LoadFault, match="more than 3,000,000"):
        open_loop("http://127.0.0.1:9/predict", {}, [b"good"], 1e6, 10, seed=0)


def test_nobody_listening_is_said() -> None:
    with pytest.raises(LoadFault, match="refused"):
        send("http://127.0.0.1:1/predict", {}, [b"good"], np.zeros(1), np.zeros(1, int))


def test_percentiles_are_of_good_answers_only() -> None:
    zero = np.zeros(4)
    found = Answers(zero, zero, np.array([0.1, 0.2, 0.3, 9.0]), np.array([200, 200, 200, 503]), zero.astype(np.uint32))
    assert found.percentile_ms(50) == pytest.approx(200)
    assert np.isnan(found.part(found.status == 503).percentile_ms(50))
