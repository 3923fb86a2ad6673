import gc
import socket

import pytest

from mlapi.cli.serve import free_port
from mlapi.ops.settings import load_settings
from tests.cli.run import failed


def test_a_service_that_nobody_could_call_does_not_start() -> None:
    assert failed("serve").startswith("MLAPI_API_KEYS: no API key is set")


def test_who_fails_to_start_leaves_the_collector_as_it_was() -> None:
    failed("serve")
    assert gc.isenabled()


def test_a_taken_port_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLAPI_API_KEYS", "mlk_0123456789abcdef")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = failed("serve", "--port", str(port))
    assert line == f"127.0.0.1:{port}: address already in use; choose another with --port or --host"


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(OSError, match=r"choose another with --port or --host"):
        free_port(load_settings(environ={"MLAPI_HOST": "192.0.2.1"}))
    with pytest.raises(OSError, match=r"choose another with --port or --host"):
        free_port(load_settings(environ={"MLAPI_HOST": "no such host"}))


def test_port_0_becomes_a_free_one() -> None:
    assert free_port(load_settings(environ={"MLAPI_PORT": "0"})) > 0
