"""The paths of the profiles, with what Debian and PyPI give in place of images that cannot be pulled everywhere.

The stack's PostgreSQL, S3 server and Prometheus are other programs of the same protocols: Debian's PostgreSQL, moto and
Debian's Prometheus, on this machine's loopback, which the containers share by `--network host`.
"""

import json
import shutil
import subprocess
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlsplit

import boto3
import psycopg
import pytest
import yaml

from tests.app.bundles import ROW
from tests.app.service import KEY
from tests.containers.docker import ROOT, ask, container, docker, until
from tests.end_to_end.service import free_port
from tests.fixtures.moto_server import moto_server
from tests.fixtures.postgres import new_database


def readable(file: Path, text: str) -> Path:
    """A secret as `make up` makes it: readable for the container's user."""
    file.write_text(text)
    file.chmod(0o644)
    return file


def test_mlflow_keeps_records_in_postgresql_and_files_in_s3(tmp_path: Path) -> None:
    address = urlsplit(new_database())
    service = f"[mlflow]\nhost=127.0.0.1\nport={address.port}\nuser={address.username}\ndbname={address.path[1:]}\n"
    credentials = "[default]\naws_access_key_id = mlapi\naws_secret_access_key = test\n"
    endpoint, port = moto_server(), free_port()
    environ = {
        "MLAPI_PORT": str(port),
        "MLFLOW_ALLOWED_HOSTS": f"127.0.0.1:{port}",
        "MLFLOW_BACKEND_STORE_URI": "postgresql+psycopg:///?service=mlflow",
        "MLFLOW_ARTIFACTS_DESTINATION": "s3://stack-test/",
        "MLFLOW_S3_ENDPOINT_URL": endpoint,
        "PGSERVICEFILE": "/run/secrets/pg-service",
        "AWS_SHARED_CREDENTIALS_FILE": "/run/secrets/aws-credentials",
    }
    files = {"pg-service": service, "aws-credentials": credentials}
    options = [word for item in environ.items() for word in ("--env", "=".join(item))]
    for name, text in files.items():
        options += ["--volume", f"{readable(tmp_path / name, text)}:/run/secrets/{name}:ro"]
    with container("mlapi-mlflow", "--network", "host", *options) as server:
        url = f"http://127.0.0.1:{port}"
        until(lambda: _healthy(f"{url}/health"), f"MLflow is up: {docker('logs', server)[-500:]}")
        train = ("train", "--dataset", "wine", "--name", "wine")
        client = ["--network", "host", "--env", f"MLFLOW_TRACKING_URI={url}", "mlapi-training", *train]
        docker("run", "--rm", "--read-only", "--tmpfs", "/tmp", *client)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    names = [item["Key"] for item in s3.list_objects_v2(Bucket="stack-test")["Contents"]]
    assert any(name.endswith("model.ubj") for name in names)


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_the_prediction_log_is_kept_in_postgresql(state: Path, tmp_path: Path) -> None:
    database = new_database()
    address = urlsplit(database)
    text = f"[predictions]\nhost=127.0.0.1\nport={address.port}\nuser={address.username}\ndbname={address.path[1:]}\n"
    service, port = readable(tmp_path / "pg-service", text), free_port()
    environ = {
        "MLAPI_PORT": str(port),
        "MLAPI_STORE": "file:/models",
        "MLAPI_MODEL_NAME": "churn",
        "MLAPI_API_KEYS": KEY,
        "MLAPI_PREDICTION_LOG": "true",
        "MLAPI_DATABASE_URL": "postgresql+psycopg:///?service=predictions",
        "PGSERVICEFILE": "/run/secrets/pg-service",
    }
    options = [word for item in environ.items() for word in ("--env", "=".join(item))]
    options += ["--volume", f"{service}:/run/secrets/pg-service:ro", "--volume", f"{state}:/models:ro"]
    with container("mlapi-api", "--network", "host", *options):
        url = f"http://127.0.0.1:{port}"
        until(lambda: ask(f"{url}/health/ready")[0] == 200, "ready")
        status, answer = ask(f"{url}/predict", KEY, {"data": [ROW, ROW]})
        assert (status, len(answer["prediction_ids"])) == (200, 2)
        until(lambda: _count(database) == 2, "both rows are in the database")


def _count(database: str) -> int:
    with psycopg.connect(database) as connection:
        try:
            found = connection.execute("SELECT count(*) FROM answered_rows").fetchone()
        except psycopg.errors.UndefinedTable:  # the writer makes the tables behind the answers
            return 0
    return int(found[0]) if found else 0


def test_prometheus_reads_the_service_with_the_stacks_configuration(state: Path, tmp_path: Path) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not here (Debian's package prometheus)")
    port, own = free_port(), free_port()
    document = yaml.safe_load((ROOT / "docker" / "monitoring" / "prometheus.yml").read_text())
    job = document["scrape_configs"][0]
    job["static_configs"][0]["targets"] = [f"127.0.0.1:{port}"]
    job["authorization"]["credentials_file"] = str(readable(tmp_path / "metrics-key", KEY))
    document["global"]["scrape_interval"] = "1s"
    document["rule_files"] = [str(ROOT / "docker" / "monitoring" / "rules.yml")]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(document))
    options = ["--env", f"MLAPI_PORT={port}", "--env", "MLAPI_STORE=file:/models", "--env", "MLAPI_MODEL_NAME=churn"]
    options += ["--env", f"MLAPI_API_KEYS={KEY}", "--volume", f"{state}:/models:ro"]
    with container("mlapi-api", "--network", "host", *options):
        until(lambda: ask(f"http://127.0.0.1:{port}/health/ready")[0] == 200, "ready")
        assert ask(f"http://127.0.0.1:{port}/predict", KEY, {"data": [ROW]})[0] == 200
        command = ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{own}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            until(lambda: _query(own, 'up{job="mlapi"}') == ["1"], "Prometheus reads the service")
            asked = 'sum(mlapi_requests_total{route="/predict",status="200"})'
            until(lambda: _query(own, asked) == ["1"], "the prediction is counted")
        finally:
            process.terminate()
            process.wait(20)


def _query(port: int, expression: str) -> list[str]:
    url = f"http://127.0.0.1:{port}/api/v1/query?query={quote(expression)}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return [series["value"][1] for series in json.load(answer)["data"]["result"]]
    except OSError:
        return []
