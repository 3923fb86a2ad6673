"""Keys are rotated while clients ask two workers: no valid key is refused, no revoked one taken after the limit."""

import http.client
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from mlapi.bundle.store.directory import DirectoryStore
from tests.app.bundles import ROW, bundle
from tests.end_to_end.service import SERVE, Service, mlapi, serving

PROVE: Final = bool(os.environ.get("MLAPI_PROVE"))
N_CLIENTS: Final = 4
AFTER_S: Final = 1.0  # how long a revoked key is tried after the limit
BODY: Final = json.dumps({"data": [ROW]}).encode()
REFUSED: Final = {401, 429}  # 429: the peer has tried too many wrong keys, which must not touch who has a valid one
BUSY: Final = 503  # of a machine that has other things to do; says nothing of the key


class Key(NamedTuple):
    id: str
    text: str


class Clients:
    """Threads that ask over kept connections with the keys that they are told are valid, until the end."""

    def __init__(self, port: int, key: Key) -> None:
        self.valid: tuple[Key, ...] = (key,)
        self.asked = [0] * N_CLIENTS
        self.refused: list[tuple[str, int]] = []
        self.busy = 0
        self._port = port
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,), daemon=True) for number in range(N_CLIENTS)]

    @contextmanager
    def asking(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join(30)

    def use(self, *keys: Key) -> None:
        """Ask with these keys from now on; no request with another one is under way when this ends."""
        self.valid = keys
        before = list(self.asked)
        wait_until(lambda: all(now > then + 1 for now, then in zip(self.asked, before, strict=True)))

    def _ask(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._over.is_set():
            keys = self.valid
            key = keys[self.asked[number] % len(keys)]
            status = predict(connection, key)
            if status == BUSY:
                self.busy += 1
            elif status != 200:
                self.refused.append((key.id, status))
            self.asked[number] += 1
        connection.close()


def predict(connection: http.client.HTTPConnection, key: Key) -> int:
    headers = {"Authorization": f"Bearer {key.text}", "Content-Type": "application/json"}
    connection.request("POST", "/predict", BODY, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def probe(service: Service, key: Key) -> int:
    """One request over a connection of its own, which either worker may take."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    try:
        return predict(connection, key)
    finally:
        connection.close()


def wait_until(condition: object, limit_s: float = 60.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # polls a condition


def create(state_dir: Path, settings: dict[str, str]) -> Key:
    made = mlapi(state_dir, "keys", "create", "--scopes", "predict", "--json", extra=settings)
    assert made.returncode == 0, made.stderr
    document = json.loads(made.stdout)
    return Key(document["id"], document["key"])


def revoke(state_dir: Path, settings: dict[str, str], key: Key) -> None:
    done = mlapi(state_dir, "keys", "revoke", key.id, extra=settings)
    assert done.returncode == 0, done.stderr


def rotate(state_dir: Path, settings: dict[str, str], service: Service, clients: Clients, limit_s: float) -> float:
    """Bring a new key, use both, use the new one alone, revoke the old; gives how long the old one was taken then."""
    (old,) = clients.valid
    new = create(state_dir, settings)
    time.sleep(limit_s)  # what is promised: from now on the new key counts
    clients.use(old, new)
    clients.use(new)
    revoke(state_dir, settings, old)
    began = time.monotonic()
    taken_s = 0.0
    while (sent_s := time.monotonic() - began) < limit_s + AFTER_S:
        status = probe(service, old)
        assert status in {200, BUSY, *REFUSED}
        if status in {200, BUSY}:  # the place in the line comes after the key
            taken_s = sent_s
        time.sleep(0.01)  # leaves the clients some of the machine
    return taken_s


CASES: Final = [("file", 4.0, 5 if PROVE else 1), ("database", 4.0, 5 if PROVE else 1)]
FULL: Final = [("file", 60.0, 1)] if PROVE else []  # the limit as it comes


@pytest.mark.parametrize(("kept", "limit_s", "n_rotations"), CASES + FULL)
def test_rotation_refuses_no_valid_key_and_takes_no_revoked_one(
    tmp_path: Path, kept: str, limit_s: float, n_rotations: int
) -> None:
    store = DirectoryStore(tmp_path / "models")
    store.promote("churn", "production", store.add("churn", bundle()).version, by="test")
    settings = {
        **({"MLAPI_KEYS_FILE": str(tmp_path / "keys.toml")} if kept == "file" else {"MLAPI_KEYS_IN_DATABASE": "true"}),
        "MLAPI_KEYS_REVOKED_WITHIN_S": str(limit_s),
    }
    first = create(tmp_path, settings)
    given = {**settings, "MLAPI_STORE": f"file:{tmp_path / 'models'}", "MLAPI_MODEL_NAME": "churn"}
    with serving(tmp_path, (*SERVE, "--workers", "2"), **given) as service:
        wait_until(lambda: all(probe(service, first) == 200 for _ in range(20)))  # both workers have the model
        clients = Clients(service.port, first)
        with clients.asking():
            taken = [rotate(tmp_path, settings, service, clients, limit_s) for _ in range(n_rotations)]
    print(f"{kept}: {sum(clients.asked)} requests, {clients.busy} of them 503")
    print(f"a revoked key taken for {max(taken):.2f} s of {limit_s:.0f}")
    assert clients.refused == []
    assert clients.busy < sum(clients.asked) / 100
    assert max(taken) <= limit_s
    assert len(pids_that_answered(service.log)) == 2


def pids_that_answered(log: Path) -> set[int]:
    """Process ids of the workers that answered predictions."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
    return {line["process.pid"] for line in lines if line.get("url.path") == "/predict"}
