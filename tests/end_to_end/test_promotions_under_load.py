"""Promotions back and forth while clients ask: nobody is refused, and every answer is of the version that it names."""

import json
import os
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import pytest

from mlapi.bundle import load
from mlapi.bundle.decision import shortest
from mlapi.bundle.store.directory import DirectoryStore
from tests.app.bundles import ROW, bundle
from tests.end_to_end.service import KEY, SERVE, SERVE_ALONE, Service, serving

PROVE = bool(os.environ.get("MLAPI_PROVE"))
N_CLIENTS: Final = 3
ROWS: Final[list[dict[str, Any]]] = [ROW]
PATIENCE_S: Final = 60.0  # for one promotion to arrive, on a machine that is busy with other things


class Client(threading.Thread):
    """Asks again and again over one connection, and keeps what was wrong."""

    def __init__(self, port: int, expected: dict[str, float], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._port, self._expected, self._stop_asking = port, expected, stop
        self.answered = 0
        self.by_version: dict[str, int] = {}
        self.wrong: list[str] = []

    def run(self) -> None:
        body = json.dumps({"data": [ROW], "options": {"probabilities": True}}).encode()
        head = (
            f"POST /predict HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        request = head.encode() + body
        with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE_S) as connection:
            answers = connection.makefile("rb")
            while not self._stop_asking.is_set() and len(self.wrong) < 10:
                connection.sendall(request)
                self._check(*read(answers))

    def _check(self, status: int, version: str, body: bytes) -> None:
        self.answered += 1
        answer = json.loads(body)
        found = answer.get("probabilities", [{}])[0].get("1")
        if (status, answer.get("model_version"), found) != (200, version, self._expected.get(version)):
            self.wrong.append(f"{status} {version} {body[:200]!r}")
        self.by_version[version] = self.by_version.get(version, 0) + 1


def read(answers: BinaryIO) -> tuple[int, str, bytes]:
    """Status, X-Model-Version and body of the next answer."""
    status = int(answers.readline().split()[1])
    headers = {}
    while (line := answers.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip().decode()
    body = answers.read(int(headers[b"content-length"]))
    return status, headers.get(b"x-model-version", ""), body


def expected_probability(path: Path) -> float:
    return shortest(load(path).predict(ROWS).probabilities)[0][1]


def promote(store: DirectoryStore, service: Service, version: str) -> None:
    """Promote, wake the follower, and wait until the version answers."""
    store.promote("churn", "production", version, by="test")
    assert service.request("POST", "/models/reload")[0] == 202
    deadline = time.monotonic() + PATIENCE_S
    while service.request("GET", "/health/ready")[1]["model_version"] != version:
        assert time.monotonic() < deadline, service.log.read_text()[-2000:]
        time.sleep(0.01)  # polls a condition


@dataclass(frozen=True)
class Route:
    """How a promotion gets to the service.

    Attributes:
        command: of the service.
        store: the directory that is promoted in, below the state directory.
        n_promotions: of the full count.
    """

    command: Sequence[str]
    store: str
    n_promotions: int


ROUTES = {
    "through the follower": Route(SERVE, "models", 30),  # which verifies each time, in a process of its own
    "in the local directory": Route(SERVE_ALONE, "serving", 500),
}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())
def test_no_request_fails_and_no_answer_is_of_another_version(tmp_path: Path, route: Route) -> None:
    store = DirectoryStore(tmp_path / route.store)
    expected = {}
    for seed in (1, 2):
        version = store.add("churn", bundle(seed=seed)).version
        expected[version] = expected_probability(bundle(seed=seed))
    assert len(set(expected.values())) == 2
    store.promote("churn", "production", "1", by="test")
    n_promotions, n_requests = (route.n_promotions, 100_000) if PROVE else (4, 1_000)
    given = {"MLAPI_STORE": f"file:{tmp_path / 'models'}", "MLAPI_LOG_LEVEL": "WARNING"}
    with serving(tmp_path, route.command, MLAPI_MODEL_NAME="churn", **given) as service:
        stop = threading.Event()
        clients = [Client(service.port, expected, stop) for _ in range(N_CLIENTS)]
        for client in clients:
            client.start()
        try:
            for number in range(n_promotions):
                promote(store, service, str(2 - number % 2))
            while sum(client.answered for client in clients) < n_requests and not any(one.wrong for one in clients):
                time.sleep(0.05)  # polls a condition
        finally:
            stop.set()
            for client in clients:
                client.join(PATIENCE_S)
    answered = sum(client.answered for client in clients)
    counts = {version: sum(client.by_version.get(version, 0) for client in clients) for version in expected}
    print(f"{n_promotions} promotions, {answered} requests, by version {counts}")
    assert [line for client in clients for line in client.wrong] == []
    assert answered >= n_requests
    assert all(counts.values())
