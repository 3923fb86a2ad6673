"""schemathesis, with all its checks, against three real models over a socket."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.bundles import bundle
from tests.app.service import KEY, publish
from tests.app.test_server import Running, running
from tests.fixtures import bundles

FIXTURES = Path(bundles.__file__).parent
PROVE = bool(os.environ.get("MLAPI_PROVE"))
N_EXAMPLES = 200 if PROVE else 2
ALL_PHASES = "examples,coverage,fuzzing,stateful"
KINDS: dict[str, Callable[[Path], Path]] = {
    "binary with categories": lambda path: bundle(),
    "multiclass": lambda path: bundles.multiclass().write(path / "bundle"),
    "numbers only": lambda path: bundles.numeric().write(path / "bundle"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_schemathesis_finds_nothing(kind: str, tmp_path: Path) -> None:
    publish(tmp_path, "churn", KINDS[kind](tmp_path))
    patient = {"failed_keys_per_minute": "0"}  # it tries a wrong key at every operation, and wants its 401
    with running(tmp_path, environ=patient) as live:
        report = run(live, tmp_path, ALL_PHASES if PROVE or kind == "multiclass" else "examples,fuzzing")
    assert report.returncode == 0, report.stdout[-8000:]
    counted = re.search(r"(\d+) generated, (\d+) passed", report.stdout)
    assert counted is not None
    print(f"{counted[0]}, {N_EXAMPLES} examples an operation")
    assert int(counted[1]) == int(counted[2]) > 50


def run(live: Running, folder: Path, phases: str) -> "subprocess.CompletedProcess[str]":
    """Run the command over the served document; it ends with 1 if it found anything."""
    whole = folder / "openapi.json"
    whole.write_bytes(live.request("GET", "/openapi.json")[2])
    tried = folder / "tried.json"
    tried.write_text(json.dumps(without_texts(json.loads(whole.read_bytes()))))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(FIXTURES / "schemathesis.toml")),
        *("run", str(tried), "--url", f"http://127.0.0.1:{live.port}", "--header", f"Authorization: Bearer {KEY}"),
        *("--checks", "all", "--max-examples", str(N_EXAMPLES), "--continue-on-failure", "--phases", phases),
    ]
    environ = {
        "PYTHONPATH": str(FIXTURES),
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
        "MLAPI_TEST_DOCUMENT": str(whole),
        "COLUMNS": "200",
        "PYTHONIOENCODING": "utf-8",
    }
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("COV")
    }  # nothing of ours runs there
    return subprocess.run(command, env=kept | environ, cwd=folder, capture_output=True, text=True, check=False)


def without_texts(document: dict[str, object]) -> dict[str, object]:
    """Leave out the examples of media types whose bodies the hooks make, which schemathesis would want as bytes."""
    paths: dict[str, dict[str, dict[str, dict[str, dict[str, dict[str, object]]]]]] = document["paths"]  # type: ignore[assignment]  # JSON
    for operations in paths.values():
        for operation in operations.values():
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                if media_type != "application/json":
                    content.pop("example", None)
    return document
