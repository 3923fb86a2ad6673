import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlapi.bundle.errors import StoreUnavailable
from mlapi.bundle.follow import Follower, FollowEvent
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.isolated import IsolatedStore
from mlapi.cli.first_model import FirstModel
from mlapi.cli.following import follower, patient_source, tell
from mlapi.ops.settings import load_settings
from tests.cli.run import failed, mlapi


def test_once_brings_what_is_in_production(state: Path) -> None:
    mlapi("models", "promote", "sample", "1")
    result = mlapi("follow", "--once")
    assert (result.exit_code, result.stdout) == (0, "sample version 1 is here (generation 1)\n")
    assert (state / "serving" / "sample" / "versions" / "1" / "manifest.json").is_file()


def test_once_says_why_nothing_was_brought(state: Path) -> None:
    assert failed("follow", "--once").startswith("sample was not brought (model_not_found)")
    assert "follow" not in failed("follow", "--once", "--store", "file:empty").split(":")[0]


def test_once_needs_a_name_where_there_are_several_models(state: Path) -> None:
    (state / "models" / "other").mkdir()
    store = DirectoryStore(state / "models")
    store.add("other", state / "models" / "sample" / "versions" / "1")
    assert failed("follow", "--once").startswith("MLAPI_MODEL_NAME: say which model;")


def test_a_damaged_bundle_is_not_brought(state: Path) -> None:
    mlapi("models", "promote", "sample", "1")
    with (state / "models" / "sample" / "versions" / "1" / "model.ubj").open("ab") as model:
        model.write(b"x")
    assert "digest_mismatch" in failed("follow", "--once")


@pytest.mark.parametrize("command", [["mlapi.cli.main", "follow"], ["mlapi.cli.follower"]], ids=" ".join)
def test_for_ever_follows_until_a_signal_and_logs_json(command: list[str], state: Path) -> None:
    mlapi("models", "promote", "sample", "1")
    environ = dict(os.environ) | {"MLAPI_FOLLOW_INTERVAL_S": "0.1"}
    child = subprocess.Popen([sys.executable, "-m", *command], env=environ, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    line = json.loads(child.stderr.readline())
    assert line["message"] == "sample production: adopted"
    assert (line["service.name"], line["model.version"]) == ("mlapi-follow", "1")
    mlapi("models", "promote", "sample", "2")
    assert json.loads(child.stderr.readline())["model.version"] == "2"
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0
    child.stderr.close()


@pytest.mark.parametrize(
    ("kind", "level"),
    [("adopted", "INFO"), ("recovered", "INFO"), ("unreachable", "WARNING"), ("refused", "ERROR")],
)
def test_what_a_follower_sees_is_logged_at_its_severity(
    kind: str, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reason = None if level == "INFO" else "why"
    tell(FollowEvent(kind=kind, name="churn", alias="production", version="3", reason=reason))  # type: ignore[arg-type]  # one of them
    (record,) = caplog.records
    assert record.levelname == level
    assert record.message == f"churn production: {kind}" + (": why" if reason else "")


def test_a_registry_is_asked_through_a_process_of_its_own() -> None:
    assert isinstance(patient_source(load_settings(environ={})), IsolatedStore)
    assert isinstance(patient_source(load_settings(environ={"MLAPI_STORE": "file:models"})), DirectoryStore)


class Registry:
    """Imitates a store that is down at first, then empty, then has models; the real one has bundles too."""

    description = "a registry"

    def __init__(self) -> None:
        self.found: list[str] | None = None

    def models(self) -> list[str]:
        if self.found is None:
            raise StoreUnavailable(self.description, "no answer")
        return self.found


class TestFirstModel:
    def waiting(self, state: Path, registry: Registry) -> FirstModel:
        settings = load_settings()

        def make(name: str) -> Follower:
            return follower(settings, patient_source(settings), name, notify=tell)

        return FirstModel(registry, DirectoryStore(settings.serving_dir), None, make)

    def test_it_waits_until_there_is_one_and_says_why_once(self, state: Path, caplog: pytest.LogCaptureFixture) -> None:
        DirectoryStore(state / "models").promote("sample", "production", "1", by="me")
        registry = Registry()
        waiting = self.waiting(state, registry)
        waiting.recheck()
        assert [waiting.step().state, waiting.step().state] == ["unreachable", "unreachable"]
        registry.found = []
        assert waiting.step().state == "refused"
        assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]  # three looks, two reasons
        assert not waiting.has_copy
        registry.found = ["sample"]
        assert waiting.step().state == "ok"
        waiting.recheck()
        assert waiting.has_copy

    def test_the_model_that_is_here_needs_no_registry_to_be_known(self, state: Path) -> None:
        mlapi("models", "promote", "sample", "1")
        mlapi("follow", "--once")
        assert self.waiting(state, Registry()).step().state == "ok"


@pytest.mark.parametrize("variable", ["MLAPI_PORT", "MLAPI_STORE"])
def test_the_follower_beside_a_service_says_in_one_line_why_it_cannot_begin(variable: str, state: Path) -> None:
    environ = dict(os.environ) | {variable: "nonsense"}
    command = [sys.executable, "-m", "mlapi.cli.follower"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"the follower cannot begin: {variable}: give ")
    assert len(done.stderr.splitlines()) == 1
