"""Becomes `mlflow server` with what the environment says; MLflow's own variables do the rest.

With files it can be run read-only, /var/lib/mlflow and /tmp alone writable. A bucket of a server of our own
(MLFLOW_S3_ENDPOINT_URL) is made where it is missing. Whoever calls must be a user where there are secrets of users.
"""

import os
import sys
from urllib.parse import urlsplit

import mlflow_users

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
    "--uvicorn-opts",
    "--log-config /opt/mlapi/mlflow-logging.json",
    "--allowed-hosts",
    HOSTS,
    "--cors-allowed-origins",
    ",".join(f"http://{host}" for host in HOSTS.split(",")),
]
DESTINATION = urlsplit(os.environ["MLFLOW_ARTIFACTS_DESTINATION"])
ENDPOINT = os.environ.get("MLFLOW_S3_ENDPOINT_URL")
if DESTINATION.scheme == "s3" and ENDPOINT:
    import boto3

    s3 = boto3.client("s3", endpoint_url=ENDPOINT, region_name=os.environ.get("AWS_REGION", "us-east-1"))
    if DESTINATION.netloc not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=DESTINATION.netloc)
os.environ.setdefault("HOME", "/tmp")  # noqa: S108  # whatever a library wants to keep is lost with the container
os.execvp("mlflow", ARGUMENTS + mlflow_users.arguments() + sys.argv[1:])  # noqa: S606, S607  # no shell is wanted; of the image
