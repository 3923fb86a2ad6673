"""The app as Lambda's own runtime client runs it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlapi.app import lambda_handler
from mlapi.app.lambda_handler import Environment, bring
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.ops.errors import SettingsError
from tests.app.bundles import ROW, bundle
from tests.app.service import AUTHORIZED, JSON, KEY, settings
from tests.fixtures.lambda_runtime import lambda_runtime, rest_event


@pytest.fixture
def model(tmp_path: Path) -> Path:
    store = DirectoryStore(tmp_path / "model")
    store.promote("churn", "production", store.add("churn", bundle()).version, by="test")
    return tmp_path / "model"


@pytest.fixture
def environment(tmp_path: Path, model: Path) -> Iterator[Environment]:
    made = Environment(settings(tmp_path / "state", store=f"file:{model}", model_name="churn"))
    yield made
    end(made)


def end(made: Environment) -> None:
    """What Lambda never does."""
    made._loop.run_until_complete(made._stack.aclose())
    made._loop.close()
    asyncio.set_event_loop(None)


def test_answers_events_of_a_rest_api_from_one_load(environment: Environment) -> None:
    for _ in range(3):
        answer = environment(rest_event("POST", "/predict", json.dumps({"data": [ROW]}), **AUTHORIZED, **JSON), None)
        assert answer["statusCode"] == 200
        assert len(json.loads(answer["body"])["predictions"]) == 1
    assert environment(rest_event("GET", "/health/ready"), None)["statusCode"] == 200
    assert environment(rest_event("GET", "/models/current"), None)["statusCode"] == 401


def test_a_store_without_the_model_leaves_the_service_unready(tmp_path: Path, model: Path) -> None:
    made = Environment(settings(tmp_path / "state", store=f"file:{model}", model_name="other"))
    assert made(rest_event("GET", "/health/ready"), None)["statusCode"] == 503
    end(made)


@pytest.mark.parametrize(
    ("given", "name"), [({"model_name": "churn"}, "MLAPI_STORE"), ({"store": "file:x"}, "MLAPI_MODEL_NAME")]
)
def test_says_what_is_not_set(tmp_path: Path, given: dict[str, str], name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        bring(settings(tmp_path, **given))


def test_the_runtime_client_starts_it_once_and_hands_it_events(tmp_path: Path, model: Path) -> None:
    environ = {
        **os.environ,
        "MLAPI_STATE_DIR": str(tmp_path / "state"),
        "MLAPI_STORE": f"file:{model}",
        "MLAPI_MODEL_NAME": "churn",
        "MLAPI_API_KEYS": KEY,
        "AWS_LAMBDA_FUNCTION_NAME": "mlapi",
    }
    with lambda_runtime() as runtime:
        command = [sys.executable, "-m", "awslambdaric", f"{lambda_handler.__name__}.handler"]
        log = (tmp_path / "log").open("wb")
        environ["AWS_LAMBDA_RUNTIME_API"] = runtime.address
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, cwd=tmp_path)
        try:
            event = rest_event("POST", "/v1/predict", json.dumps({"data": [ROW, ROW]}), **AUTHORIZED, **JSON)
            for _ in range(2):
                answer = runtime.invoke(event)
                assert answer["statusCode"] == 200, answer
                assert len(json.loads(answer["body"])["predictions"]) == 2
        finally:
            process.terminate()
            process.wait(20)
            log.close()
    assert (tmp_path / "log").read_text().count('"model loaded"') == 1
