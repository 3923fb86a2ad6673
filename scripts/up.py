#!/usr/bin/env python3
"""Brings the platform up with Docker Compose, waits until it is healthy, and prints where it is, a key and a request.

Keys and passwords are made once and kept in .mlapi/compose, which the containers get as secrets. Needs Docker with
compose, and nothing of .venv.
"""

import json
import os
import secrets
import shlex
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECRETS = Path(os.environ.get("MLAPI_SECRETS", ROOT / ".mlapi" / "compose"))
PORT = os.environ.get("API_PORT", "8000")
URL = f"http://127.0.0.1:{PORT}"
PATIENCE_S = 300
# What a profile changes in the others. Passwords are not here: libpq and boto3 read them from the secrets.
PROFILES = {
    "postgres": {
        "MLFLOW_BACKEND_STORE_URI": "postgresql+psycopg:///?service=mlflow",
        "MLAPI_DATABASE_URL": "postgresql+psycopg:///?service=predictions",
    },
    "s3": {"MLFLOW_ARTIFACTS_DESTINATION": "s3://mlflow/", "MLFLOW_S3_ENDPOINT_URL": "http://s3:9000"},
}


def main() -> int:
    """Start, wait, tell."""
    key = kept_key()
    started = time.monotonic()
    compose = ["docker", "compose", "--project-directory", str(ROOT), *sys.argv[1:]]
    try:
        subprocess.run([*compose, "up", "--detach", "--build", "--quiet-pull"], check=True, env=environ(), cwd=ROOT)
    except FileNotFoundError:
        return fail("docker is not installed")
    except subprocess.CalledProcessError as error:
        subprocess.run([*compose, "logs", "--tail", "20"], env=environ(), cwd=ROOT, check=False)
        return fail(f"docker compose ended with {error.returncode}; the reason is above")
    if not until_ready():
        subprocess.run([*compose, "logs", "--tail", "20", "api"], env=environ(), cwd=ROOT, check=False)
        return fail(f"the service was not ready within {PATIENCE_S} s; its log is above")
    print(f"Healthy after {time.monotonic() - started:.0f} s")
    print(f"URL     {URL}  (documentation: {URL}/docs)")
    mlflow = f"http://127.0.0.1:{os.environ.get('MLFLOW_PORT', '5000')}"
    print(f"MLflow  {mlflow}  (user and password: {SECRETS / 'mlflow-admin'})")
    print(f"Key     {key}")
    print(f"Try     {request(key)}")
    return 0


def environ() -> dict[str, str]:
    """What docker-compose.yml reads: the commit goes into the images' labels."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False)
    profiles = [changes for name, changes in PROFILES.items() if name in sys.argv]
    chosen = {name: value for changes in profiles for name, value in changes.items()}
    return {"REVISION": head.stdout.strip() or "unknown", **chosen, **os.environ, "MLAPI_SECRETS": str(SECRETS)}


def kept_key() -> str:
    """Make the secrets that are not there yet, and give the key.

    The folder is closed to other users; the files themselves must be readable for the containers' users.
    """
    SECRETS.mkdir(mode=0o700, parents=True, exist_ok=True)
    SECRETS.chmod(0o700)
    key = kept("metrics-key", f"mlk_{secrets.token_urlsafe(32)}")
    kept("mlapi.toml", f'[api]\napi_keys = ["{key}"]\n')
    for user in ("admin", "reader"):
        login = "[mlflow]\nmlflow_tracking_username = mlapi-{0}\nmlflow_tracking_password = {1}\n"
        kept(f"mlflow-{user}", login.format(user, secrets.token_urlsafe(24)))
    password = kept("postgres-password", secrets.token_urlsafe(24))
    service = "[{0}]\nhost=postgres\nuser=mlapi\ndbname={0}\npassword={1}\n"
    kept("pg-service", "".join(service.format(name, password) for name in ("mlflow", "predictions")))
    password = kept("s3-password", secrets.token_urlsafe(24))
    kept("aws-credentials", f"[default]\naws_access_key_id = mlapi\naws_secret_access_key = {password}\n")
    if "tls" in sys.argv and not (SECRETS / "tls-cert").exists():
        make_certificate()
    return key


def make_certificate() -> None:
    """Make a certificate for localhost that nobody has signed; put one of your own in its place."""
    files = ["-keyout", str(SECRETS / "tls-key"), "-out", str(SECRETS / "tls-cert")]
    kind = ["-x509", "-newkey", "ed25519", "-nodes", "-days", "825", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(["openssl", "req", *kind, *names, *files], check=True, capture_output=True)
    (SECRETS / "tls-key").chmod(0o644)  # for the container's user, in a folder that is closed


def kept(name: str, fresh: str) -> str:
    """Give what a secret's file holds, which is made where there is none."""
    file = SECRETS / name
    if not file.exists():
        file.write_text(fresh)
        file.chmod(0o644)
    return file.read_text().strip()


def until_ready() -> bool:
    """Wait for the service's own word."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{URL}/health/ready", timeout=2):
                return True
        except OSError:
            time.sleep(0.2)
    return False


def request(key: str) -> str:
    """A request that works when pasted, with the synthetic rows that the documentation shows."""
    asked = urllib.request.Request(f"{URL}/openapi.json", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        body = json.dumps(example(json.load(answer)), separators=(",", ":"))
    words = ["curl", "-sS", f"{URL}/predict", "-H", f"Authorization: Bearer {key}"]
    return shlex.join([*words, "-H", "Content-Type: application/json", "-d", body])


def example(document: dict) -> object:
    """The body that the OpenAPI document shows for /predict."""
    return document["components"]["schemas"]["PredictionRequest"]["example"]


def fail(reason: str) -> int:
    """Say why not."""
    print(f"up: {reason}", file=sys.stderr)
    return 1


sys.exit(main())
