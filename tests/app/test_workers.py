"""Several real worker processes behind one socket."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest

from mlapi.app import server, workers
from mlapi.app.supervisor import LONGEST_WAIT_S, Supervisor
from mlapi.app.utils.logging import LoggingUtils
from mlapi.app.workers import listen, make_pool
from mlapi.bundle import load
from mlapi.bundle.quota import n_cores
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.types import Cell
from mlapi.ops.settings import environment_of
from tests.app.bundles import ROW, bundle
from tests.app.service import AUTHORIZED, JSON, publish, settings
from tests.app.test_server import free_port, until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
PATIENCE_S = LONGEST_WAIT_S + 30  # who is killed again and again is started again later and later
BODY = json.dumps({"data": [ROW]})


class Pool:
    """`mlapi serve --workers N` as a process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def workers(self) -> set[int]:
        """Process ids of the workers that run."""
        found = set()
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            with suppress(OSError):
                if b"--listen-fd" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.add(int(pid))
        return found

    def answering(self) -> set[int]:
        """Process ids of the workers that have said that they started."""
        text = self.log.read_text()
        lines = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]  # the last may be half written
        return {line["process.pid"] for line in lines if line["message"] == "Application startup complete."}

    def ask(self, method: str, path: str, body: str | None = None) -> int:
        """Status of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {**AUTHORIZED, **JSON})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def answer(self, rows: list[dict[str, Cell]]) -> tuple[int, str, list[Any]]:
        """Status, version and labels of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/predict", json.dumps({"data": rows}), {**AUTHORIZED, **JSON})
            document = json.loads((response := connection.getresponse()).read())
            return response.status, document.get("model_version", ""), document.get("predictions", [])
        finally:
            connection.close()


@contextmanager
def serving(state_dir: Path, n: int) -> Iterator[Pool]:
    port, log = free_port(), state_dir / "serve.log"
    given = settings(state_dir, port=str(port), workers=str(n), store="file:models", model_name="churn")
    code = (
        "import sys; from mlapi.app import workers; from mlapi.cli.serve import WORKER;"
        "from mlapi.ops.settings import load_settings; sys.exit(workers.run(load_settings(), worker=WORKER))"
    )
    environ = {**os.environ, **environment_of(given)}
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", code], env=environ, stderr=output, process_group=0)
    pool = Pool(process, port, log)
    try:
        until(lambda: len(pool.workers() & pool.answering()) == n)
        yield pool
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("workers")
    publish(directory, "churn", bundle())
    return directory


def test_a_killed_worker_is_replaced_while_the_others_answer(state: Path) -> None:
    with serving(state, 2) as pool:
        victim = min(pool.workers())
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in pool.workers())
        assert {pool.ask("POST", "/predict", BODY) for _ in range(20)} == {200}
        until(lambda: len(pool.workers() & pool.answering()) == 2)
        assert "worker ended; next try in 0.5 s" in pool.log.read_text()


def test_the_end_of_all_drops_no_request_of_a_client_that_minds_readiness(state: Path) -> None:
    with serving(state, 2) as pool:
        statuses: list[int] = []

        def ask() -> None:  # as a balancer does, which takes a server out when it is not ready
            while pool.ask("GET", "/health/ready") == 200:
                statuses.append(pool.ask("POST", "/predict", BODY))

        clients = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
        for client in clients:
            client.start()
        until(lambda: len(statuses) > 20)
        pool.process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(30)
        assert pool.process.wait(30) == 0
        assert set(statuses) == {200}
    lines = [json.loads(line) for line in pool.log.read_text().splitlines()]  # whole ones, though some were held
    answered = [line["http.response.status_code"] for line in lines if line.get("url.path") == "/predict"]
    assert answered == [200] * len(statuses)


def test_workers_end_with_a_parent_that_was_killed(state: Path) -> None:
    with serving(state, 2) as pool:
        children = pool.workers()
        pool.process.kill()
        pool.process.wait()
        until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in children))


def test_the_follower_gets_no_key_and_the_workers_do(tmp_path: Path) -> None:
    given = settings(tmp_path, workers="2")
    show = [sys.executable, "-c", "import os, sys; sys.exit(3 if os.environ.get('MLAPI_API_KEYS') else 4)"]
    with listen("127.0.0.1", 0) as listener:
        pool = make_pool(given, listener, worker=show, follower=show, environ=os.environ)
        assert pool.follower is not None
        for child in (*pool.workers, pool.follower):
            child.tick()
        assert [_exit_code(child) for child in pool.workers] == [3, 3]
        assert _exit_code(pool.follower) == 4


def test_none_says_one_a_core(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as listener:
        assert len(make_pool(settings(tmp_path, workers="0"), listener, worker=[], follower=None).workers) == (
            n_cores()
        )


def test_a_pool_waits_longer_than_a_worker_takes_to_end() -> None:
    assert workers.END_S > server.GRACE_S + server.DRAIN_S


def _exit_code(child: Supervisor) -> int:
    process = child._child
    assert process is not None
    return process.wait(20)


def test_run_ends_by_a_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Any] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(LoggingUtils, "configure", lambda level: None)
    monkeypatch.setattr(time, "sleep", lambda seconds: handlers[signal.SIGTERM](signal.SIGTERM, None))
    assert workers.run(settings(tmp_path, workers="2", port="0"), worker=SLEEPER, follower=SLEEPER) == 0
    pool = handlers[signal.SIGTERM].__self__
    assert [child.pid for child in (*pool.workers, pool.follower)] == [None] * 3


def test_no_answer_is_wrong_while_workers_and_models_come_and_go(tmp_path: Path) -> None:
    """Workers are killed, also while they start and swap: a connection may break with one, no answer is wrong."""
    first, second = (publish(tmp_path, "churn", bundle(seed=seed)) for seed in (1, 2))
    store = DirectoryStore(tmp_path / "serving")
    expected = {version: _labels(store.directory("churn", version)) for version in (first, second)}
    with serving(tmp_path, 2) as pool:
        seen: list[tuple[int, str, list[Any]]] = []
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                with suppress(OSError, http.client.HTTPException):  # its worker was killed
                    seen.append(pool.answer(ROWS))

        clients = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
        for client in clients:
            client.start()
        try:
            for number in range(40 if os.environ.get("MLAPI_PROVE") else 8):
                store.promote("churn", "production", (first, second)[number % 2], by="test")
                for pid in sorted(pool.workers())[: number % 3]:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                asked = len(seen)
                until(lambda asked=asked: len(seen) > asked + 20, PATIENCE_S)
            until(lambda: len(pool.workers() & pool.answering()) == 2, PATIENCE_S)
        finally:
            stop.set()
            for client in clients:
                client.join(30)
        assert {status for status, _, _ in seen} <= {200, 503}  # 503: before a worker has its model
        wrong = [one for one in seen if one[0] == 200 and one[2] != expected[one[1]]]
        assert (wrong, {version for status, version, _ in seen if status == 200}) == ([], {first, second})


ROWS = [cast("dict[str, Cell]", {**ROW, "age": age}) for age in range(0, 90, 3)]


def _labels(path: Path) -> list[Any]:
    return load(path).predict(ROWS).labels
