"""Runs in a real MLflow database, and on a real server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import mlflow
import numpy as np
import pytest
import xgboost
from mlflow import MlflowClient
from mlflow.entities import Run

from mlapi.ops.mlflow_config import MLflowConfig
from mlapi.ops.settings import Settings
from mlapi.training.errors import TableError, TrackingError
from mlapi.training.tracking import FAILURE_TAG, ExperimentLogger
from mlapi.training.tracking_server import TrackingServer


def runs(settings: Settings, experiment: str = "trainings") -> list[Run]:
    client = MlflowClient(settings.mlflow.tracking_uri)
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id]))


def logger(settings: Settings) -> ExperimentLogger:
    return ExperimentLogger(TrackingServer(settings.mlflow), "trainings")


def test_a_run_holds_what_was_logged_and_ends_finished(settings: Settings) -> None:
    with logger(settings).run("churn", {"mlapi.model": "churn"}) as run:
        run.log(params={"depth": 3}, metrics={"auc": 0.5}, tags={"more": "text"})
        run.files.write({"a.txt": b"a", "plots/b.png": b"b"})
        run.files.write({"c.txt": b"c"}, "folder")
        assert run.files.names() == ["a.txt", "folder", "plots"]
        assert run.files.names("plots") == ["plots/b.png"]
    (kept,) = runs(settings)
    assert kept.info.status == "FINISHED"
    assert kept.data.params == {"depth": "3"}
    assert kept.data.metrics == {"auc": 0.5}
    assert (kept.data.tags["mlapi.model"], kept.data.tags["more"]) == ("churn", "text")


def test_files_of_runs_lie_below_the_artifact_root(settings: Settings) -> None:
    with logger(settings).run("churn", {}) as run:
        run.files.write({"a.txt": b"a"})
    assert list(Path(settings.mlflow.artifact_root).glob("*/artifacts/a.txt"))


@pytest.mark.parametrize("error", [TableError("x.csv", "no rows\nat all"), KeyboardInterrupt(), ValueError()], ids=repr)
def test_a_run_that_breaks_is_failed_with_its_reason(settings: Settings, error: BaseException) -> None:
    with pytest.raises(type(error)), logger(settings).run("churn", {}):
        raise error
    (kept,) = runs(settings)
    assert kept.info.status == "FAILED"
    assert kept.data.tags[FAILURE_TAG].startswith(type(error).__name__ + ":")
    assert "\n" not in kept.data.tags[FAILURE_TAG]


def test_a_trial_is_a_run_below_its_run_in_the_same_experiment(settings: Settings) -> None:
    with logger(settings).run("churn", {}) as run, run.trial("trial 0") as trial:
        trial.log(metrics={"loss": 1.0})
    below = [kept for kept in runs(settings) if kept.info.run_id == trial.run_id]
    assert below[0].data.tags["mlflow.parentRunId"] == run.run_id


def test_boosting_is_logged_by_itself_while_it_is_watched(settings: Settings) -> None:
    matrix = np.random.default_rng(0).random((50, 2), dtype=np.float32)
    data = xgboost.DMatrix(matrix, label=(matrix[:, 0] > 0.5).astype(int))
    with logger(settings).run("churn", {}) as run:
        with run.boosting():
            xgboost.train({"max_depth": 2}, data, 3, evals=[(data, "validation")], verbose_eval=False)
        xgboost.train({"max_depth": 4}, data, 1, verbose_eval=False)
    (kept,) = runs(settings)
    assert kept.data.params["max_depth"] == "2"
    history = MlflowClient(settings.mlflow.tracking_uri).get_metric_history(run.run_id, "validation-rmse")
    assert [metric.step for metric in history] == [0, 1, 2]


def test_the_address_before_is_put_back(settings: Settings) -> None:
    mlflow.set_tracking_uri("sqlite:///before.db")
    try:
        with logger(settings).run("churn", {}):
            assert mlflow.get_tracking_uri() == settings.mlflow.tracking_uri
        assert mlflow.get_tracking_uri() == "sqlite:///before.db"
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type] # takes the address back


def test_nothing_is_printed(
    settings: Settings, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="root"), logger(settings).run("churn", {}):
        pass
    assert capfd.readouterr() == ("", "")


def test_a_database_of_another_program_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"not a database at all, but long enough to have a header" * 10)
    places = MLflowConfig(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db", artifact_root=str(tmp_path))
    with pytest.raises(TrackingError) as caught, TrackingServer(places).in_use():
        pass
    assert "\n" not in str(caught.value)


def test_what_mlflow_refuses_is_told_in_one_line(settings: Settings) -> None:
    def log_twice() -> None:
        with logger(settings).run("churn", {}) as run:
            run.log(params={"depth": 3})
            run.log(params={"depth": 4})

    with pytest.raises(TrackingError, match="tracking server sqlite:"):
        log_twice()


class Answering(BaseHTTPRequestHandler):
    """Answers every GET as a server would that wants a password; MLflow's own answers `/health` with 200."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def answering() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://user:secret@127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_that_answers_anything_is_there(answering: str) -> None:
    server = TrackingServer(MLflowConfig(tracking_uri=answering, artifact_root="x"))
    assert server.remote
    server.check()


def test_a_server_that_does_not_answer_is_told_before_anything_is_trained() -> None:
    server = TrackingServer(MLflowConfig(tracking_uri="http://user:secret@127.0.0.1:9", artifact_root="x"))
    with pytest.raises(TrackingError) as caught:
        server.check()
    assert str(caught.value) == (
        "tracking server http://127.0.0.1:9: does not answer; start it, or correct MLFLOW_TRACKING_URI"
    )


def test_a_file_needs_no_check(settings: Settings) -> None:
    server = TrackingServer(settings.mlflow)
    assert not server.remote
    server.check()


def test_an_artifact_address_is_taken_as_it_is(settings: Settings) -> None:
    places = MLflowConfig(tracking_uri=settings.mlflow.tracking_uri, artifact_root="s3://bucket/runs")
    server = TrackingServer(places)
    with server.in_use() as client:
        experiment_id = server.experiment(client, "elsewhere")
        assert client.get_experiment(experiment_id).artifact_location.startswith("s3://bucket/runs")
