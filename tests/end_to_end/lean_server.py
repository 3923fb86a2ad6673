"""Run by a test: serve in this process while a follower child follows an MLflow alias; print what got imported."""

import asyncio
import contextlib
import json
import subprocess
import sys
import urllib.request
from typing import Any

import uvicorn

from mlapi.app.main import create_app
from mlapi.ops.settings import load_settings

FORBIDDEN = ("mlflow", "xgboost", "scipy", "pandas", "sklearn", "pyarrow", "optuna", "matplotlib")


async def _main(key: str, predictions: int) -> None:
    settings = load_settings()
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, port=settings.api.port, log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    base = f"http://127.0.0.1:{settings.api.port}"
    await _until_ready(f"{base}/health/ready")
    schema = await asyncio.to_thread(_get, f"{base}/openapi.json", key)
    body = json.dumps({"data": schema["components"]["schemas"]["PredictionRequest"]["example"]["data"]}).encode()
    statuses = [await asyncio.to_thread(_post, f"{base}/predict", key, body) for _ in range(predictions)]
    server.should_exit = True
    await serving
    print(json.dumps({"statuses": statuses, "imported": [name for name in FORBIDDEN if name in sys.modules]}))


async def _until_ready(url: str) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError):
            await asyncio.to_thread(_get, url, "")
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(url)


def _get(url: str, key: str) -> Any:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def _post(url: str, key: str, body: bytes) -> int:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
        return int(answer.status)


if __name__ == "__main__":
    follower = subprocess.Popen([sys.executable, "-m", "mlapi.cli.main", "follow"])
    try:
        asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
    finally:
        follower.terminate()
        follower.wait(30)
