"""What the serving process may import."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlapi.bundle import native
from tests.app.bundles import ROW
from tests.app.service import KEY
from tests.app.services.test_sinks import kept

BLOCKED = (
    "mlflow",
    "xgboost",
    "scipy",
    "pandas",
    "sklearn",
    "pyarrow",
    "optuna",
    "matplotlib",
    "sqlalchemy",
    "boto3",
    "cryptography",
    "fastapi_offline",
    "pickle5",
    "joblib",
    "cloudpickle",
)
# Loaded when first asked for: documentation and rare routes, records, spans, other protocols, archives, a network.
LATER = (
    *(() if native.extension() is None else ("numpy",)),  # which does what the extension would
    "pydantic",
    "alembic",
    "boto3",
    "cryptography",
    "fastapi",
    "jinja2",
    "opentelemetry",
    "redis",
    "sqlalchemy",
    "starlette.routing",
    "tarfile",
    "urllib.request",
    "xgboost",
    "mlapi.app.api.framework",
    "mlapi.app.api.openapi",
    "mlapi.app.schemas.row_model",
    "mlapi.training",
)
# What a balancer, a scraper and a client ask, and then what needs the framework.
ASKED = (
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("POST", "/predict"),
    ("GET", "/openapi.json"),
    ("GET", "/models/current"),
)
# Starts the app with these modules made impossible to import, predicts once and shows the documentation.
SCRIPT = """
import asyncio, json, sys

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is not for serving")

BLOCKED, LATER, ASKED, key, body = json.loads(sys.argv[1])
sys.meta_path.insert(0, Wall())

from mlapi.app import server
from mlapi.app.main import create_app
from mlapi.ops.settings import load_settings

async def main():
    app = create_app(load_settings())
    print([name for name in LATER if name in sys.modules])
    headers = [(b"authorization", f"Bearer {key}".encode()), (b"content-type", b"application/json")]
    headers.append((b"host", b"localhost"))
    async with app.lifespan() as state:
        for method, path in ASKED:
            if path == "/openapi.json":
                print([name for name in LATER if name in sys.modules])
            sent = []
            async def receive():
                return {"type": "http.request", "body": body.encode()}
            async def send(message):
                sent.append(message)
            scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b""}
            await app({**scope, "http_version": "1.1", "scheme": "http", "state": dict(state)}, receive, send)
            print(sent[0]["status"])
    print([name for name in BLOCKED if name in sys.modules])

asyncio.run(main())
"""


@pytest.mark.parametrize("n_kept", [0, 1], ids=["prediction log off", "prediction log on"])
def test_serves_where_nothing_of_training_can_be_imported(state_dir: Path, n_kept: int) -> None:
    given = json.dumps([BLOCKED, LATER, ASKED, KEY, json.dumps({"data": [ROW]})])
    environ = {"MLAPI_STATE_DIR": str(state_dir), "MLAPI_API_KEYS": KEY, "MLAPI_PREDICTION_LOG": str(bool(n_kept))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, given], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["[]", *["200"] * 4, "[]", *["200"] * 2, "[]"]
    assert len(kept(f"sqlite:///{state_dir / 'service.db'}")) == n_kept


@pytest.mark.parametrize("module", ["mlapi.app.core.database", "mlapi.app.main", "mlapi.app.server"])
def test_what_starts_the_service_waits_for_sqlalchemy_until_records_are_kept(module: str) -> None:
    script = f"import sys, {module}; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0


def test_the_follower_loads_neither_numpy_nor_what_reads_models() -> None:
    """It compares digests; models are read by a child that verifies them and by the service."""
    heavy = (
        "numpy",
        "asyncio",
        "click",
        "pydantic",
        "mlapi.bundle.encoder",
        "mlapi.bundle.forest",
        "mlapi.app",
        "mlapi.training",
        "mlflow",
    )
    modules = "mlapi.cli.follower, mlapi.cli.first_model, mlapi.bundle.follow, mlapi.bundle.following"
    script = f"import sys, {modules}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], timeout=60, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
