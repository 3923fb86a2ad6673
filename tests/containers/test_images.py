"""What is in the images, and what they may do."""

import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from tests.app.bundles import ROW
from tests.app.service import AUTHORIZED, JSON, KEY
from tests.containers.docker import HARDENED, LARGEST, ROOT, ask, container, docker, health, until
from tests.end_to_end.service import free_port
from tests.fixtures.lambda_runtime import lambda_runtime, rest_event

IMAGES = ("serve", "api", "mlflow", "training", "lambda")
LIST = r"""
import hashlib, os, stat
for folder, _, names in sorted(os.walk('/opt')):
    for name in sorted(names):
        path = os.path.join(folder, name)
        status = os.lstat(path)
        data = os.readlink(path).encode() if stat.S_ISLNK(status.st_mode) else open(path, 'rb').read()
        print(path, oct(status.st_mode), hashlib.sha256(data).hexdigest())
"""


def serving(state: Path, *options: str) -> tuple[str, ...]:
    port = free_port()
    return (
        *("--publish", f"127.0.0.1:{port}:8000", "--volume", f"{state}:/models:ro"),
        *("--env", "MLAPI_STORE=file:/models", "--env", "MLAPI_MODEL_NAME=churn", "--env", f"MLAPI_API_KEYS={KEY}"),
        *options,
        f"port={port}",
    )


@pytest.mark.parametrize("image", sorted(LARGEST))
def test_an_image_is_small(image: str) -> None:
    size = int(docker("image", "inspect", "--format", "{{.Size}}", f"mlapi-{image}"))
    print(f"{image}: {size / 1e6:.0f} MB")
    assert size <= LARGEST[image]


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_nobody_special_and_says_what_it_is(image: str) -> None:
    config = json.loads(docker("image", "inspect", f"mlapi-{image}"))[0]["Config"]
    assert config["User"] == "10001:10001"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    bom = json.loads(docker("run", "--rm", "--entrypoint", "cat", f"mlapi-{image}", "/opt/venv/sbom.cdx.json"))
    names = {component["name"] for component in bom["components"]}
    assert "numpy" in names
    assert ("scipy" in names) == (image in ("mlflow", "training"))


@pytest.mark.parametrize("image", ["api", "serve", "lambda"])
def test_the_native_parts_are_there_and_what_trains_is_not(image: str) -> None:
    code = (
        "import importlib.util as u; from mlapi.app.schemas import _rows; from mlapi.bundle import _trees;"
        "print([n for n in ('pandas', 'scipy', 'sklearn', 'optuna', 'pip') if u.find_spec(n)])"
    )
    assert docker("run", "--rm", *HARDENED, "--entrypoint", "python", f"mlapi-{image}", "-c", code) == "[]"


def test_it_answers_read_only_without_capabilities_and_health_follows_the_model(state: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir(mode=0o755)
    *options, port = serving(models, "--health-interval", "1s", "--health-start-period", "1s", "--health-retries", "2")
    url = f"http://127.0.0.1:{port.partition('=')[2]}"
    with container("mlapi-api", *options) as name:
        assert health(name) == "starting"
        until(lambda: health(name) == "unhealthy", "unhealthy without a model")
        assert ask(f"{url}/health/live")[0] == 200
        assert ask(f"{url}/predict", KEY, {"data": [ROW]})[0] == 503
        shutil.copytree(state, models, dirs_exist_ok=True)
        until(lambda: health(name) == "healthy", "healthy with a model")
        status, answer = ask(f"{url}/predict", KEY, {"data": [ROW]})
        assert (status, len(answer["predictions"])) == (200, 1)
        status_of = docker("exec", name, "cat", "/proc/1/status")
        assert "CapEff:\t0000000000000000" in status_of
        assert docker("exec", name, "id", "-u") == "10001"
        assert docker("exec", name, "touch", "/opt/venv/x", check=False) == ""
        shutil.rmtree(models / "churn")
        docker("exec", name, "rm", "-r", "/var/lib/mlapi/serving")
        docker("restart", "--time", "1", name)
        until(lambda: health(name) == "unhealthy", "unhealthy after the model went")


def test_a_stopped_service_has_answered_every_request(state: Path) -> None:
    *options, port = serving(state)
    url = f"http://127.0.0.1:{port.partition('=')[2]}"
    with container("mlapi-serve", *options, command=("mlapi", "serve", "--workers", "2")) as name:
        until(lambda: all(ask(f"{url}/health/ready")[0] == 200 for _ in range(30)), "both workers are ready")
        statuses: list[int] = []

        def client() -> None:  # as a balancer does, which takes a server out when it is not ready
            while ask(f"{url}/health/ready")[0] == 200:
                statuses.append(ask(f"{url}/predict", KEY, {"data": [ROW]})[0])

        clients = [threading.Thread(target=client, daemon=True) for _ in range(8)]
        for one in clients:
            one.start()
        until(lambda: len(statuses) > 100, "100 answers")
        docker("stop", "--time", "20", name)
        for one in clients:
            one.join(30)
        assert set(statuses) == {200}
        assert docker("inspect", "--format", "{{.State.ExitCode}}", name) == "0"


def test_the_lambda_image_answers_events(state: Path) -> None:
    with lambda_runtime() as runtime:
        environ = {
            "AWS_LAMBDA_RUNTIME_API": runtime.address,
            "AWS_LAMBDA_FUNCTION_NAME": "mlapi",
            "MLAPI_STORE": "file:/models",
            "MLAPI_MODEL_NAME": "churn",
            "MLAPI_API_KEYS": KEY,
        }
        options = [word for item in environ.items() for word in ("--env", "=".join(item))]
        with container("mlapi-lambda", "--network", "host", "--volume", f"{state}:/models:ro", *options):
            event = rest_event("POST", "/predict", json.dumps({"data": [ROW]}), **AUTHORIZED, **JSON)
            answer = runtime.invoke(event)
            assert answer["statusCode"] == 200, answer
            assert len(json.loads(answer["body"])["predictions"]) == 1


def test_no_secret_is_in_a_layer_or_a_label(state: Path) -> None:
    for image in IMAGES:
        seen = docker("history", "--no-trunc", f"mlapi-{image}") + docker("image", "inspect", f"mlapi-{image}")
        assert not [word for word in ("mlk_", "password", "BEGIN") if word in seen], image


def test_two_builds_give_the_same_files() -> None:
    target = "api" if os.environ.get("MLAPI_PROVE") else "serve"  # the larger one takes twice as long
    options = ("--no-cache", "--quiet", "--file", "docker/Dockerfile.api", "--target", target, "--tag", "mlapi-again")
    docker("build", *options, ".", cwd=ROOT)
    lists = [
        docker("run", "--rm", "--entrypoint", "python", image, "-c", LIST)
        for image in (f"mlapi-{target}", "mlapi-again")
    ]
    assert lists[0] == lists[1]
    print(f"{len(lists[0].splitlines())} files, equal in path, mode and sha256")
