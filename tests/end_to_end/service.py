"""The command line and the service as a user runs them: real processes, one state directory."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEY = "mlk_end_to_end_0123456789abcdef"


def mlapi(state_dir: Path, *arguments: str, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `mlapi ARGUMENTS` over a state directory and wait for its end."""
    command = [sys.executable, "-m", "mlapi.cli.main", *arguments]
    env = environ(state_dir) | (extra or {})
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)


def environ(state_dir: Path) -> dict[str, str]:
    """This process's environment with mlapi's own settings replaced by the test's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLAPI_", "MLFLOW_"))}
    return kept | {"MLAPI_STATE_DIR": str(state_dir), "MLAPI_API_KEYS": KEY}


def free_port() -> int:
    """A loopback TCP port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Service:
    """A running `mlapi serve`."""

    port: int
    pid: int
    log: Path

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON body of one request; sends the key unless a header says otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def predict(self, rows: Sequence[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """The answer to some rows, which must be a 200."""
        body = json.dumps({"data": list(rows), "options": options}).encode()
        status, answer = self.request("POST", "/predict", body)
        assert status == 200, answer
        return answer


SERVE = (sys.executable, "-m", "mlapi.cli.main", "serve")
# The same service without its follower: whoever runs it fills the local directory.
SERVE_ALONE = (
    sys.executable,
    "-c",
    "from mlapi.app import server; from mlapi.ops.settings import load_settings; server.run(load_settings())",
)


@contextmanager
def serving(state_dir: Path, command: Sequence[str] = SERVE, **extra: str) -> Iterator[Service]:
    """Run `mlapi serve` on a free port until it is ready; end it with SIGTERM."""
    port = free_port()
    log = state_dir / "serve.log"
    env = environ(state_dir) | {"MLAPI_PORT": str(port)} | extra
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
    service = Service(port, process.pid, log)
    try:
        _wait_ready(service, process)
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_ready(service: Service, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, service.log.read_text()
        try:
            if service.request("GET", "/health/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)  # polls a condition; the deadline above bounds it
    raise AssertionError(service.log.read_text())
