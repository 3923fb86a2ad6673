"""Becomes `mlflow server` with what the environment says; MLflow's own variables do the rest.

It asks for nothing at start, so that it can be run read-only with /var/lib/mlflow and /tmp alone writable.
"""

import os
import sys

HOSTS = os.environ.get("MLFLOW_ALLOWED_HOSTS", "mlflow:5000,localhost:5000,127.0.0.1:5000")
ARGUMENTS = [
    "mlflow",
    "server",
    "--host",
    "0.0.0.0",  # noqa: S104  # inside a container; the port is published on loopback only
    "--port",
    os.environ.get("MLAPI_PORT", "5000"),
    "--workers",
    os.environ.get("MLFLOW_WORKERS", "1"),
    "--backend-store-uri",
    os.environ["MLFLOW_BACKEND_STORE_URI"],
    "--artifacts-destination",
    os.environ["MLFLOW_ARTIFACTS_DESTINATION"],
    "--serve-artifacts",
    "--allowed-hosts",
    HOSTS,
    "--cors-allowed-origins",
    ",".join(f"http://{host}" for host in HOSTS.split(",")),
]
os.environ.setdefault("HOME", "/tmp")  # noqa: S108  # whatever a library wants to keep is lost with the container
os.execvp("mlflow", ARGUMENTS + sys.argv[1:])  # noqa: S606, S607  # no shell is wanted; of the image
