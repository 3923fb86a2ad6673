"""Trainings killed at any instant: no run stays RUNNING, and no version is of a run that failed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from mlapi.bundle.errors import StoreUnavailable
from mlapi.ops.settings import Settings
from mlapi.training.killed import mark_killed
from mlapi.training.mirror import Direct
from mlapi.training.processes import PROCESS_TAG, Process
from mlapi.training.recording import Recording
from mlapi.training.stores import open_at
from mlapi.training.tracking_server import TrackingServer
from tests.training.tables import HEADER, good_rows, write_csv
from tests.training.test_syncing import Kept

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's libraries about each other

KILLS = 50 if os.environ.get("MLAPI_PROVE") else 3


@pytest.fixture
def gone() -> Process:
    """A process of this host that has ended."""
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    here = Process.this()
    return Process(here.host, here.boot, int(child.stdout), "1")


def test_a_process_knows_whether_another_is_gone(gone: Process) -> None:
    here = Process.this()
    assert not here.is_gone
    assert gone.is_gone
    assert Process(here.host, "another boot", here.pid, here.started).is_gone
    assert Process(here.host, here.boot, here.pid, "another start").is_gone
    assert not Process("another host", here.boot, gone.pid, "1").is_gone
    assert Process.from_tag(here.tag()) == here
    assert Process.from_tag("") is None


def runs(settings: Settings) -> list[Run]:
    client = MlflowClient(settings.mlflow.tracking_uri)
    experiments = [one.experiment_id for one in client.search_experiments() if one.name == "mlapi"]
    return list(client.search_runs(experiments))


def test_the_runs_of_processes_that_are_gone_are_marked_and_told(settings: Settings, gone: Process) -> None:
    told = Kept()
    client = MlflowClient(settings.mlflow.tracking_uri)
    experiment = client.create_experiment("mlapi")
    tags = {PROCESS_TAG: gone.tag(), "mlapi.model": "churn"}
    parent = client.create_run(experiment, tags=tags).info.run_id
    below = client.create_run(experiment, tags={**tags, "mlflow.parentRunId": parent}).info.run_id
    mine = client.create_run(experiment, tags={PROCESS_TAG: Process.this().tag()}).info.run_id
    others = client.create_run(experiment).info.run_id
    with TrackingServer(settings.mlflow).in_use() as opened:
        Recording(settings, told).mark_killed(opened, Direct())
    found = {run.info.run_id: run for run in runs(settings)}
    assert {name: found[name].info.status for name in (parent, below, mine, others)} == {
        parent: "FAILED",
        below: "FAILED",
        mine: "RUNNING",
        others: "RUNNING",
    }
    reason = f"killed: process {gone.pid} on {gone.host} ended without a word"
    assert found[parent].data.tags["mlapi.failure"] == reason
    assert [(event.key, event.resolved) for event in told.events] == [("training-failed:churn", False)]


def test_a_run_of_which_nobody_can_tell_waits(settings: Settings, gone: Process) -> None:
    client = MlflowClient(settings.mlflow.tracking_uri)
    client.create_run(client.create_experiment("mlapi"), tags={PROCESS_TAG: gone.tag()})

    def away(run: Run) -> str | None:
        raise StoreUnavailable("the store", "is away")

    assert mark_killed(client, away) == []
    assert [run.info.status for run in runs(settings)] == ["RUNNING"]


def test_a_killed_training_leaves_no_run_running_and_no_version_without_its_run(
    settings_for: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = settings_for()
    csv = write_csv(tmp_path, HEADER + good_rows(200), "churn.csv")
    command = [sys.executable, "-m", "tests.fixtures.killed_training", str(settings.state_dir), str(csv), str(KILLS)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "MLAPI_", "MLFLOW_"))}
    done = subprocess.run(command, env=kept, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) >= KILLS // 2
    with TrackingServer(settings.mlflow).in_use() as client:
        Recording(settings, Kept()).mark_killed(client, Direct())
    found = {run.info.run_id: run for run in runs(settings)}
    assert {run.info.status for run in found.values()} <= {"FINISHED", "FAILED"}
    store = open_at(settings)
    versions = store.versions("churn")
    assert {found[record.run_id or ""].info.status for record in versions} == {"FINISHED"}
    finished = {run_id for run_id, run in found.items() if run.info.status == "FINISHED"}
    assert finished == {record.run_id for record in versions}
    for record in versions:
        store.fetch("churn", record.version, tmp_path / "out")
