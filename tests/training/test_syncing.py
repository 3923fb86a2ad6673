"""A tracking server that is away at the start or stopped in the middle: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from mlapi.ops.notify import Event
from mlapi.ops.settings import Settings, load_settings
from mlapi.training import pipeline
from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import TrackingError
from mlapi.training.mirror import Mirror
from mlapi.training.processes import PROCESS_TAG, Process
from mlapi.training.recording import Recording
from mlapi.training.spool import Spool
from mlapi.training.stores import open_at
from mlapi.training.syncing import Sync
from mlapi.training.tracking_server import TrackingServer
from tests.fixtures.mlflow_server import Stoppable, stoppable_server
from tests.training.tables import HEADER, good_rows, write_csv

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's libraries about each other

QUICK: dict[str, Any] = {
    "target": "y",
    "bootstrap": 20,
    "threads": 1,
    "max_rounds": 25,
    "params": BoosterParams(learning_rate=0.3, max_depth=3),
}


PROVE = bool(os.environ.get("MLAPI_PROVE"))
STAGES = ("reading the data", "opening the run", "boosting", "scoring the test rows", "registering")


class Kept:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stoppable]:
    with stoppable_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def settings(server: Stoppable, tmp_path: Path) -> Settings:
    server.start()
    return load_settings(environ={"MLAPI_STATE_DIR": str(tmp_path / "state"), "MLFLOW_TRACKING_URI": server.address})


def config(folder: Path, name: str, **values: Any) -> TrainingConfig:
    path = write_csv(folder, HEADER + good_rows(200), "churn.csv")
    return TrainingConfig(**{"data": path, "name": name, **QUICK, **values})


def stop_at(server: Stoppable, stage: str) -> Any:
    """A listener that stops the server when a stage begins."""

    def hear(message: str, done: int | None = None, total: int | None = None) -> None:
        if message == stage and done in (None, 5):
            server.stop()

    return hear


def whole(client: MlflowClient, run: Run) -> dict[str, Any]:
    """Everything of a run that a copy must have too."""
    own = ("mlapi.spool.", "mlflow.parentRunId", "mlapi.version")
    return {
        "name": run.info.run_name,
        "status": run.info.status,
        "times": (run.info.start_time, run.info.end_time),
        "params": run.data.params,
        "tags": {key: value for key, value in run.data.tags.items() if not key.startswith(own)},
        "metrics": {
            key: sorted((one.step, one.timestamp, one.value) for one in client.get_metric_history(run.info.run_id, key))
            for key in run.data.metrics
        },
    }


def files(client: MlflowClient, run_id: str, folder: str = "") -> dict[str, int]:
    found: dict[str, int] = {}
    for one in client.list_artifacts(run_id, folder or None):
        found |= files(client, run_id, one.path) if one.is_dir else {one.path: one.file_size or 0}
    return found


def everything(settings: Settings) -> str:
    """All that the server has, as text to compare."""
    client = MlflowClient(settings.mlflow.tracking_uri)
    experiments = [one.experiment_id for one in client.search_experiments()]
    runs = client.search_runs(experiments)
    models = [(model.name, model.aliases) for model in client.search_registered_models()]
    versions = [(one.name, one.version, one.tags) for one in client.search_model_versions()]
    return json.dumps(
        [
            sorted((run.info.run_id, whole(client, run), files(client, run.info.run_id)) for run in runs),
            models,
            sorted(versions, key=str),
        ],
        default=str,
    )


@pytest.mark.parametrize("stage", STAGES if PROVE else ["boosting"])
def test_a_server_stopped_in_the_middle_gets_everything_later_and_once(
    server: Stoppable, settings: Settings, tmp_path: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"m-{stage.split(maxsplit=1)[0]}"
    result = pipeline.train(config(tmp_path, name, trials=2), settings, stop_at(server, stage))
    assert not server.is_running
    assert result.version is None
    spool = Spool(settings.state_dir).server
    with spool.reached() as local:
        kept = local.search_runs([one.experiment_id for one in local.search_experiments()])
        wanted = {run.info.run_name: (whole(local, run), files(local, run.info.run_id)) for run in kept}
    server.start()
    told = Kept()
    done = Sync(settings, told).run()
    assert (done.registered, done.linked, done.problems) == ([(name, "1")], [], [])
    assert [event.resolved for event in told.events] == [True]
    client = MlflowClient(server.address)
    (parent,) = [run for run in everywhere(client) if run.info.run_name == name]
    below = [run for run in everywhere(client) if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(below) == 2
    for run in (parent, *below):
        if run.info.run_name in wanted:  # others had been sent to their end before
            assert (whole(client, run), files(client, run.info.run_id)) == wanted[run.info.run_name]
    assert name in wanted
    assert "validation-logloss" in parent.data.metrics
    record = open_at(settings).version(name, "1")
    assert (record.run_id, record.content_digest) == (parent.info.run_id, result.content_digest)
    assert parent.data.tags["mlapi.version"] == "1"
    before = everything(settings)
    again = Sync(settings, told).run()
    assert (again.runs, again.registered, again.linked, again.problems) == (0, [], [], [])
    assert everything(settings) == before


def everywhere(client: MlflowClient) -> list[Run]:
    return list(client.search_runs([one.experiment_id for one in client.search_experiments()]))


def test_with_a_server_a_run_is_there_at_its_end_and_nothing_waits(settings: Settings, tmp_path: Path) -> None:
    result = pipeline.train(config(tmp_path, "online", trials=2), settings)
    client = MlflowClient(settings.mlflow.tracking_uri)
    run = client.get_run(result.run_id)
    assert (result.version, run.info.status, run.data.tags["mlapi.version"]) == ("1", "FINISHED", "1")
    assert {"test.parquet", "seen_rows.parquet", "report.json"} <= set(files(client, result.run_id))
    assert run.data.params["max_depth"] == "3"
    assert len([one for one in everywhere(client) if one.data.tags.get("mlflow.parentRunId") == result.run_id]) == 2
    assert open_at(settings).resolve("online", "staging").version == "1"
    done = Sync(settings, Kept()).run()
    assert (done.runs, done.registered) == (0, [])
    assert list(Spool(settings.state_dir).root.glob("artifacts/*/*")) == []


def test_versions_follow_the_order_of_run_ends_and_equal_content_is_linked(
    server: Stoppable, settings: Settings, tmp_path: Path
) -> None:
    first = pipeline.train(config(tmp_path, "order"), settings)
    server.stop()
    offline = [pipeline.train(config(tmp_path, "order", seed=seed), settings) for seed in (5, 42, 6)]
    assert [one.version for one in offline] == [None] * 3
    assert (Spool(settings.state_dir).bundle_of(offline[2].content_digest) / "manifest.json").is_file()
    with pytest.raises(FileNotFoundError):
        Spool(settings.state_dir).bundle_of("0" * 64)
    assert offline[1].content_digest == first.content_digest
    server.start()
    staging = open_at(settings).resolve("order", "staging")
    done = Sync(settings, Kept()).run()
    assert (done.registered, done.linked) == ([("order", "2"), ("order", "3")], [("order", "1")])
    digests = [record.content_digest for record in open_at(settings).versions("order")]
    assert digests == [first.content_digest, offline[0].content_digest, offline[2].content_digest]
    assert open_at(settings).resolve("order", "staging") == staging


def test_a_server_that_is_still_away_is_told(server: Stoppable, settings: Settings) -> None:
    server.stop()
    with pytest.raises(TrackingError, match="does not answer"):
        Sync(settings).run()


def test_a_failed_training_is_sent_as_failed_and_leaves_no_version(
    server: Stoppable, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        server.stop()
        raise ValueError("out of luck")

    monkeypatch.setattr(pipeline, "export", breaks)
    with pytest.raises(ValueError, match="out of luck"):
        pipeline.train(config(tmp_path, "unlucky"), settings)
    server.start()
    done = Sync(settings, Kept()).run()
    assert done.registered == []
    (run,) = [one for one in everywhere(MlflowClient(server.address)) if one.info.run_name == "unlucky"]
    assert (run.info.status, run.data.tags["mlapi.failure"]) == ("FAILED", "ValueError: out of luck")


def test_a_killed_training_is_failed_on_the_server_when_the_next_one_starts(
    settings: Settings, server: Stoppable
) -> None:
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    here, told, spool = Process.this(), Kept(), Spool(settings.state_dir)
    tags = {PROCESS_TAG: Process(here.host, here.boot, int(child.stdout), "1").tag(), "mlapi.model": "killed"}
    with spool.prepare().reached() as local:
        experiment = local.create_experiment("killed")
        run_id = local.create_run(experiment, tags=tags).info.run_id
        below = local.create_run(experiment, tags={**tags, "mlflow.parentRunId": run_id}).info.run_id
        mirror = Mirror(local, spool.copying_lock, TrackingServer(settings.mlflow))
        copies = [mirror.copy(one) for one in (below, run_id)]
    client = MlflowClient(server.address)
    assert [client.get_run(copy).info.status for copy in copies] == ["RUNNING"] * 2
    with Recording(settings, told).run("killed", "next", {}) as run:
        assert run.share() != run.run_id
    assert [client.get_run(copy).info.status for copy in copies] == ["FAILED"] * 2
    assert client.get_run(copies[1]).data.tags["mlapi.failure"].startswith("killed: process")
    assert [event.key for event in told.events if not event.resolved] == ["training-failed:killed"]
