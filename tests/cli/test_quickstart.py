import http.client
import json
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mlapi.bundle.store.directory import DirectoryStore
from tests.cli.registered import NAME
from tests.cli.run import failed, mlapi

QUICKSTART = (sys.executable, "-m", "mlapi.cli.main", "quickstart")


def test_where_there_is_no_model_one_is_trained_promoted_and_brought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLAPI_STORE", "file:models")
    monkeypatch.setenv("MLAPI_TRAINING_BOOTSTRAP", "20")
    monkeypatch.setenv("MLAPI_TRAINING_MAX_ROUNDS", "20")
    first = mlapi("quickstart", "--no-serve")
    assert first.exit_code == 0, first.stderr
    assert "registered breast_cancer version 1" in first.stdout
    assert "breast_cancer version 1 is now in production" in first.stdout
    serving = DirectoryStore(tmp_path / ".mlapi" / "serving")
    assert serving.resolve("breast_cancer", "production").version == "1"
    again = mlapi("quickstart", "--no-serve")
    assert (again.exit_code, again.stdout) == (0, "")
    assert len(serving.versions("breast_cancer")) == 1


def test_the_printed_request_works_and_the_next_run_keeps_model_and_key(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    DirectoryStore(state / "models").promote(NAME, "production", "1", by="me")
    monkeypatch.setenv("MLAPI_MODEL_NAME", NAME)
    with quickstarted() as (key, command):
        answer = asked(command)
    assert (answer["model_version"], len(answer["predictions"])) == ("1", 2)
    monkeypatch.setenv("MLAPI_STORE", "file:nowhere")
    with quickstarted() as (same_key, command):
        assert same_key == key
        assert asked(command)["model_version"] == "1"


def test_what_prevents_a_first_model_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLAPI_STORE", "s3://models")
    done = subprocess.run([*QUICKSTART, "--port", "0"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "s3" in line


def test_a_taken_port_is_told_before_anything_is_trained(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert "address already in use" in failed("quickstart", "--port", str(other.getsockname()[1]))
    assert list(tmp_path.iterdir()) == []


@contextmanager
def quickstarted() -> Iterator[tuple[str, str]]:
    """Run it on a free port; give the printed key and command."""
    log = Path("quickstart.log")
    with log.open("w") as errors:
        process = subprocess.Popen([*QUICKSTART, "--port", "0"], stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    try:
        printed = dict(line.split(maxsplit=1) for line in (process.stdout.readline() for _ in range(3)) if line)
        assert set(printed) == {"URL", "Key", "Try"}, log.read_text()
        yield printed["Key"].strip(), printed["Try"]
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
    assert log.stat().st_size > 0


def asked(command: str) -> dict[str, Any]:
    """Send what the curl command sends, as soon as somebody listens."""
    _, _, url, *rest = shlex.split(command)
    headers = dict(word.split(": ") for flag, word in zip(rest[::2], rest[1::2], strict=True) if flag == "-H")
    parts = urlsplit(url)
    deadline = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.request("POST", parts.path, rest[-1], headers)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.02)  # polls a condition; the deadline bounds it
        else:
            answer = connection.getresponse()
            assert answer.status == 200
            found: dict[str, Any] = json.loads(answer.read())
            return found
        finally:
            connection.close()
