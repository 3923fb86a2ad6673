"""What the serving process holds in memory."""

import json
import subprocess
import sys
from pathlib import Path

from tests.end_to_end import lean_server
from tests.end_to_end.service import KEY, ROOT, environ, free_port, mlapi


def test_serving_imports_no_training_library_while_it_follows_an_mlflow_alias(tmp_path: Path) -> None:
    assert mlapi(tmp_path, "train", "--dataset", "wine").returncode == 0
    assert mlapi(tmp_path, "models", "promote", "wine").returncode == 0
    env = environ(tmp_path) | {"MLAPI_PORT": str(free_port()), "MLAPI_MODEL_NAME": "wine"}
    command = [sys.executable, str(Path(lean_server.__file__)), KEY, "100"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen == {"statuses": [200] * 100, "imported": []}
