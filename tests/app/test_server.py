"""A real server on loopback."""

import gc
import http.client
import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlapi.app import server
from mlapi.app.schemas.error import ErrorResponse
from mlapi.app.server import Server, follower_environ, make_server
from mlapi.app.utils.logging import LoggingUtils
from tests.app.bundles import ROW, bundle
from tests.app.service import AUTHORIZED, JSON, KEY, publish, settings

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


class Running:
    """A server in a thread of this process."""

    def __init__(self, made: Server, port: int) -> None:
        self.server = made
        self.port = port
        self.thread = threading.Thread(target=made.run, daemon=True)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {**AUTHORIZED, **JSON, **headers})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()


def until(condition: Any, within_s: float = 20) -> None:
    """Poll a condition; a deadline bounds it."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(state_dir: Path, *, environ: Mapping[str, str] | None = None, **arguments: Any) -> Iterator[Running]:
    port = free_port()
    one = Running(make_server(settings(state_dir, port=str(port), **(environ or {})), **arguments), port)
    one.thread.start()
    try:
        until(lambda: one.server.started)
        yield one
    finally:
        one.server.handle_exit(signal.SIGINT, None)
        one.thread.join(20)
        assert not one.thread.is_alive()
        if one.server.supervisor is not None:
            one.server.supervisor.stop()


@pytest.fixture(scope="module")
def live(state_dir: Path) -> Iterator[Running]:
    with running(state_dir) as one:
        yield one


def test_predicts_over_a_socket(live: Running) -> None:
    status, headers, body = live.request("POST", "/predict", json.dumps({"data": [ROW, ROW]}))
    assert (status, len(json.loads(body)["predictions"])) == (200, 2)
    assert headers["x-model-version"] == "1"
    assert "server" not in headers


def test_does_not_trust_forwarded_headers(live: Running) -> None:
    assert live.request("GET", "/models/current", Authorization="", **{"X-Forwarded-For": "127.0.0.1"})[0] == 401


def test_refuses_a_large_body_without_a_key_before_it_is_sent(live: Running) -> None:
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as client:
        client.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\nExpect: 100-continue\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in answer


def test_answers_what_is_no_http_in_the_shape_of_all_errors(live: Running) -> None:
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as client:
        client.sendall(b"GET /secret\x00 HTTP/1.1\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert ErrorResponse.model_validate_json(body).error == "invalid_request"
    assert b"secret" not in answer


def test_a_second_request_follows_an_error_on_the_same_connection(live: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)
    try:
        for body, status in (("{", 400), (json.dumps({"data": [ROW]}), 200)):
            connection.request("POST", "/predict", body, {**AUTHORIZED, **JSON})
            response = connection.getresponse()
            assert (response.status, bool(response.read())) == (status, True)
    finally:
        connection.close()


def test_asked_to_end_it_says_so_and_still_answers_for_the_grace_period(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    with running(tmp_path, grace_s=600) as one:
        assert one.request("GET", "/health/ready")[0] == 200
        one.server.handle_exit(signal.SIGTERM, None)
        assert one.request("GET", "/health/ready")[0] == 503
        status, headers, _ = one.request("POST", "/predict", json.dumps({"data": [ROW]}))
        assert (status, headers["connection"]) == (200, "close")
        one.server.handle_exit(signal.SIGTERM, None)
        one.thread.join(20)
        assert not one.thread.is_alive()


def test_the_follower_runs_beside_the_server(tmp_path: Path) -> None:
    with running(tmp_path, follower=SLEEPER) as one:
        assert one.server.supervisor is not None
        supervisor = one.server.supervisor
        until(lambda: supervisor.pid is not None)


@pytest.mark.parametrize("put_off", [True, False])
def test_a_server_begins_to_look_for_garbage_but_not_among_what_the_start_has_made(
    tmp_path: Path, put_off: bool
) -> None:
    if put_off:
        gc.disable()
    try:
        with running(tmp_path):
            until(gc.isenabled)  # the server says that it has started just before
            assert (gc.get_freeze_count() > 0) is put_off
    finally:
        gc.unfreeze()
        gc.enable()


def test_a_signal_before_the_lifespan_began_only_ends_the_server(tmp_path: Path) -> None:
    made = make_server(settings(tmp_path))
    made.handle_exit(signal.SIGTERM, None)
    assert not made.force_exit
    made.handle_exit(signal.SIGINT, None)
    assert made.force_exit


def test_the_follower_gets_the_settings_but_no_key(tmp_path: Path) -> None:
    given = settings(tmp_path, model_name="churn", api_key="mlk_other")
    environ = follower_environ(given, {"PATH": "/bin", "MLAPI_API_KEY": KEY, "MLAPI_API_KEYS": KEY})
    assert (environ["PATH"], environ["MLAPI_MODEL_NAME"]) == ("/bin", "churn")
    assert environ["MLAPI_STATE_DIR"] == str(tmp_path)
    assert "mlk_" not in str(environ)


class Stub(Server):
    """A server that ends as a test says instead of running."""

    ended: type[BaseException] | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        if self.supervisor is not None:
            self.supervisor.tick()
        if self.ended:
            raise self.ended


@pytest.mark.parametrize(("ended", "code"), [(None, 0), (SystemExit, 1)])
def test_run_ends_the_follower_and_gives_an_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: type[BaseException] | None, code: int
) -> None:
    made: list[Stub] = []

    def make(config: Any, **arguments: Any) -> Stub:
        made.append(Stub(config, **arguments))
        made[-1].ended = ended
        return made[-1]

    monkeypatch.setattr(server, "Server", make)
    monkeypatch.setattr(LoggingUtils, "configure", lambda level: None)
    assert server.run(settings(tmp_path), follower=SLEEPER) == code
    assert made[0].supervisor is not None
    assert made[0].supervisor.pid is None


def test_run_without_a_follower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "Server", Stub)
    monkeypatch.setattr(LoggingUtils, "configure", lambda level: None)
    assert server.run(settings(tmp_path)) == 0
