"""The platform under Docker Compose, from an empty registry to predictions and through trouble."""

import json
import re
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from tests.containers.docker import ROOT, Stack, ask, docker, health, until

ELSEWHERE = (  # beyond what MLflow declares in one list, and ways around it
    "/",
    "/version",
    "/metrics",
    "/graphql",
    "/docs",
    "/openapi.json",
    "/signup",
    "/get-artifact",
    "/gateway/x/mlflow/invocations",
    "/ajax-api/3.0/jobs/x",
    "/v1/traces",
    "//api/2.0/mlflow/experiments/search",
    "/health/",
    "/health/../api/2.0/mlflow/experiments/search",
    "/static-files/%2e%2e/api/2.0/mlflow/experiments/search",
)
PROFILES = ("postgres", "s3", "monitoring", "tls")


def test_up_trains_promotes_serves_and_prints_a_request_that_works(stack: Stack) -> None:
    printed = stack.up()
    line = next(line for line in printed.splitlines() if line.startswith("Try")).removeprefix("Try").strip()
    done = subprocess.run(["sh", "-c", f"{line} --fail"], capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)["predictions"]) == 2
    assert health(stack.container("api")) == health(stack.container("mlflow")) == "healthy"


def test_a_promotion_inside_the_stack_reaches_the_service_by_itself(stack: Stack) -> None:
    before = stack.served()
    assert before is not None
    run = ("run", "--rm", "--no-deps", "train")
    stack.compose(*run, "train", "--dataset", "breast_cancer", "--name", stack.model, "--seed", "7")
    stack.compose(*run, "models", "promote", stack.model)
    until(lambda: stack.served() != before, "the promoted version serves")
    assert stack.predict()[0] == 200


def test_it_serves_on_while_mlflow_is_stopped_cut_off_or_restarted(stack: Stack) -> None:
    mlflow = stack.container("mlflow")
    stack.compose("stop", "--timeout", "5", "mlflow")
    assert stack.predict()[0] == 200
    stack.compose("restart", "--timeout", "5", "api")
    until(lambda: stack.predict()[0] == 200, "serves its own copy while MLflow is down")
    stack.compose("start", "mlflow")
    until(lambda: health(mlflow) == "healthy", "MLflow is back")
    network = f"{stack.environ['COMPOSE_PROJECT_NAME']}_inside"
    docker("network", "disconnect", network, stack.container("api"))
    assert stack.predict()[0] == 200
    docker("network", "connect", network, stack.container("api"))
    stack.compose("restart", "--timeout", "5", "mlflow")
    assert stack.predict()[0] == 200
    until(lambda: health(mlflow) == "healthy", "MLflow is back again")


def test_the_data_survive_down_and_up(stack: Stack) -> None:
    before = stack.served()
    stack.compose("down", "--timeout", "5")
    assert ask(f"{stack.url}/health/live")[0] == 0
    stack.up()
    assert stack.served() == before


def test_no_container_has_a_secret_in_its_environment_or_its_log(stack: Stack) -> None:
    stack.predict()
    texts = [path.read_text().strip() for path in stack.secrets.iterdir()]
    secrets = [text for text in texts if "\n" not in text]
    secrets += [password for text in texts for password in re.findall(r"password ?= ?(\S+)", text)]
    assert stack.key in secrets
    assert stack.login("admin")[1] in secrets
    for service in ("api", "mlflow"):
        name = stack.container(service)
        seen = docker("inspect", name) + docker("exec", name, "python", "-c", "import os; print(dict(os.environ))")
        seen += subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=True).stderr
        assert not [secret for secret in secrets if secret in seen], service


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what mlflow's server imports
def test_mlflow_answers_nobody_without_credentials(stack: Stack) -> None:
    from mlflow.server.handlers import get_endpoints

    endpoints = get_endpoints()  # type: ignore[no-untyped-call]  # mlflow does not annotate it
    declared = {(re.sub("<[^>]*>", "x", path), method) for path, _, methods in endpoints for method in methods}
    others = {(path, method) for path in ELSEWHERE for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}
    answers = {(path, method): stack.ask_mlflow(method, path) for path, method in declared | others}
    assert answers["/api/2.0/mlflow/registered-models/search", "GET"] == 401  # and not 403 for the host's name
    assert len(answers) > 300
    assert {one: status for one, status in answers.items() if status not in {401, 403, 404, 405}} == {
        (f"/{prefix}/3.0/mlflow/server-info", "GET"): 200  # the kind of store; MLflow tells everybody
        for prefix in ("api", "ajax-api")
    }
    assert stack.ask_mlflow("GET", "/health") == 200


def test_what_serves_may_read_mlflow_and_not_write(stack: Stack) -> None:
    search, create = "/api/2.0/mlflow/registered-models/search", "/api/2.0/mlflow/experiments/create"
    assert stack.ask_mlflow("GET", search, stack.login("reader")) == 200
    assert stack.ask_mlflow("GET", search, ("mlapi-reader", "guess")) == 401
    write = "/api/2.0/mlflow/registered-models/update"
    body = {"name": stack.model, "description": "changed"}
    assert stack.ask_mlflow("PATCH", write, stack.login("reader"), body) == 403
    assert stack.ask_mlflow("PATCH", write, stack.login("admin"), body) == 200
    assert stack.ask_mlflow("POST", create, stack.login("admin"), {"name": "by the admin"}) == 200


def test_only_loopback_is_published_and_nothing_is_privileged(stack: Stack) -> None:
    document = yaml.safe_load(stack.compose(*(word for name in PROFILES for word in ("--profile", name)), "config"))
    for name, service in document["services"].items():
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", ())), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "mem_limit" in service, name
        assert service["logging"]["options"]["max-size"], name
        if "build" in service:
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name


def test_a_changed_source_file_starts_the_service_anew(stack: Stack, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".venv", ".git", "build", ".mlapi", "*.so", "tests"))
    files = ("--file", str(checkout / "docker-compose.yml"), "--file", str(checkout / "docker-compose.dev.yml"))
    stack.compose(*files, "up", "--detach", "--build", "api")
    try:
        until(lambda: stack.predict()[0] == 200, "the development service answers")
        file = checkout / "src" / "mlapi" / "__init__.py"
        file.write_text(file.read_text().replace('__version__ = "', '__version__ = "9.'))
        until(lambda: _version(stack).startswith("9."), "the changed source is served")
    finally:
        stack.compose("up", "--detach", "api")


def _version(stack: Stack) -> str:
    status, document = ask(f"{stack.url}/openapi.json", stack.key)
    return str(document["info"]["version"]) if status == 200 else ""


def test_https_ends_in_the_service(stack: Stack) -> None:
    stack.up("--profile", "tls")
    context = ssl.create_default_context(cafile=str(stack.secrets / "tls-cert"))
    url = f"https://localhost:{stack.environ['TLS_PORT']}/health/ready"

    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, context=context, timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.URLError:
            return False

    try:
        until(answers, "the service answers by HTTPS, with the certificate it was given")
        until(lambda: health(stack.container("api-tls")) == "healthy", "it finds itself healthy")
    finally:
        stack.compose("--profile", "tls", "rm", "--stop", "--force", "api-tls")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_valid(stack: Stack, profile: str) -> None:
    services = stack.compose("--profile", profile, "config", "--services").split()
    assert {"api", "mlflow", "train"} < set(services)


def test_prometheus_takes_the_configuration_and_the_rules() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not here (Debian: prometheus)")
    folder = ROOT / "docker" / "monitoring"
    done = subprocess.run(
        ["promtool", "check", "rules", "rules.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        ["promtool", "check", "config", "--syntax-only", "prometheus.yml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_dashboards_and_rules_ask_for_metrics_that_exist() -> None:
    from mlapi.ops.metrics import DEFINITIONS

    known = {definition.name for definition in DEFINITIONS}
    for path in (ROOT / "docker" / "monitoring").rglob("*.*"):
        named = set(re.findall(r"mlapi_[a-z_]+", path.read_text()))
        assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in named} <= known, path.name
