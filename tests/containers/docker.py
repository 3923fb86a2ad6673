"""Docker as the tests use it: the client, images of this checkout, containers that are gone afterwards."""

import base64
import http.client
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.service import free_port

ROOT = Path(__file__).parents[2]
# Bytes, the base's 129 million included. What weighs most: numpy with OpenBLAS, libxgboost, SQLAlchemy, cryptography.
LARGEST = {"serve": 300e6, "api": 450e6, "lambda": 330e6}
HARDENED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--tmpfs", "/tmp")


def docker(*arguments: str, check: bool = True, **options: Any) -> str:
    """Standard output of a docker command."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, **options)
    assert not check or done.returncode == 0, done.stderr
    return str(done.stdout).strip()


def need_engine() -> None:
    """Skip where no Docker engine answers."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no Docker engine answers here")


def until(condition: Callable[[], Any], what: str, seconds: float = 120) -> Any:
    """Poll until a condition holds, and give what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return found


def health(container: str) -> str:
    """What the engine thinks of a container: starting, healthy or unhealthy."""
    return docker("inspect", "--format", "{{.State.Health.Status}}", container)


@contextmanager
def container(image: str, *options: str, command: tuple[str, ...] = ()) -> Iterator[str]:
    """Run a container in the background and remove it afterwards."""
    identity = docker("run", "--detach", *HARDENED, *options, image, *command)
    try:
        yield identity
    finally:
        docker("rm", "--force", "--volumes", identity, check=False)


def ask(url: str, key: str = "", body: object = None) -> tuple[int, Any]:
    """Status and JSON of one request; 0 where nobody answers."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, None


class Stack:
    """The compose stack under a name, ports and secrets of its own."""

    model = "tumours"

    def __init__(self, secrets: Path) -> None:
        self.port, self.mlflow_port = free_port(), free_port()
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MLAPI_", "MLFLOW_"))},
            "COMPOSE_PROJECT_NAME": f"mlapi-test-{self.port}",  # another checkout's tests may run beside
            "MLAPI_SECRETS": str(secrets),
            "API_PORT": str(self.port),
            "MLFLOW_PORT": str(self.mlflow_port),
            "DEBUG_PORT": str(free_port()),
            "TLS_PORT": str(free_port()),
            "MLAPI_MODEL_NAME": self.model,
            "REVISION": subprocess.run(
                ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
            ).stdout.strip()
            or "unknown",  # as everybody else has it, or images would be built again
        }
        self.secrets = secrets

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        return (self.secrets / "metrics-key").read_text().strip()

    def compose(self, *arguments: str, check: bool = True) -> str:
        return docker("compose", *arguments, check=check, cwd=ROOT, env=self.environ)

    def up(self, *arguments: str) -> str:
        """What `make up` does; gives what it printed."""
        done = subprocess.run(
            ["python3", "scripts/up.py", *arguments],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def container(self, service: str) -> str:
        return self.compose("ps", "--quiet", service)

    def login(self, user: str) -> tuple[str, str]:
        """Name and password of MLflow's `admin` or `reader`."""
        words = (self.secrets / f"mlflow-{user}").read_text().split()
        return words[words.index("mlflow_tracking_username") + 2], words[words.index("mlflow_tracking_password") + 2]

    def ask_mlflow(self, method: str, path: str, login: tuple[str, str] | None = None, body: object = None) -> int:
        """Status of one request to MLflow; a path goes out as it stands."""
        headers = {"Content-Type": "application/json"}
        if login is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.mlflow_port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body or {}) if method != "GET" else None, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def predict(self) -> tuple[int, Any]:
        """An answer to the rows that the documentation shows."""
        _, document = ask(f"{self.url}/openapi.json", self.key)
        body = document["components"]["schemas"]["PredictionRequest"]["example"] if document else {}
        return ask(f"{self.url}/predict", self.key, body)

    def served(self) -> str | None:
        """The version that answers now."""
        status, answer = ask(f"{self.url}/models/current", self.key)
        return answer["version"] if status == 200 else None
