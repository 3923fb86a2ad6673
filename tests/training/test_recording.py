"""Who is told of what when trainings fail and succeed, and how often a server that is away is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from mlapi.ops.mlflow_config import MLflowConfig
from mlapi.ops.notifiers import OpenAlerts
from mlapi.ops.settings import Settings
from mlapi.training.errors import TrackingError
from mlapi.training.mirror import Mirror
from mlapi.training.recording import Recording
from mlapi.training.retrying import ATTEMPTS, patiently
from mlapi.training.tracking_server import TrackingServer
from tests.training.test_syncing import Kept

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's libraries about each other


def fail(recording: Recording) -> None:
    with recording.run("trainings", "churn", {}):
        raise ValueError("out of luck")


def test_a_failure_is_told_and_the_next_success_ends_it_once(settings: Settings, tmp_path: Path) -> None:
    told = Kept()
    recording = Recording(settings, OpenAlerts(told, tmp_path / "alerts"))
    for _ in range(2):
        with pytest.raises(ValueError, match="out of luck"):
            fail(recording)
    for _ in range(2):
        with recording.run("trainings", "churn", {}):
            pass
    assert [(event.key, event.resolved) for event in told.events] == [
        ("training-failed:churn", False),
        ("training-failed:churn", False),
        ("training-failed:churn", True),
    ]
    assert told.events[0].summary == "churn: ValueError: out of luck"


def test_a_server_that_is_away_is_left_alone_for_a_while(settings: Settings, tmp_path: Path) -> None:
    client = MlflowClient(settings.mlflow.tracking_uri)
    run_id = client.create_run(client.create_experiment("x")).info.run_id
    away = TrackingServer(MLflowConfig(tracking_uri="http://127.0.0.1:9", artifact_root="x"))
    now, asked = [0.0], list[float]()
    ended: list[TrackingError | None] = []

    class Counting(TrackingServer):
        def check(self) -> None:
            asked.append(now[0])
            away.check()

    target = Counting(MLflowConfig(tracking_uri="http://127.0.0.1:9", artifact_root="x"))
    mirror = Mirror(client, tmp_path / "lock", target, ended=ended.append, clock=lambda: now[0])
    for now[0] in (0.0, 1.0, 59.0, 61.0):
        mirror.show(run_id)
    assert asked == [0.0, 61.0]
    mirror.end(run_id)
    assert len(asked) == 2 + ATTEMPTS
    assert "does not answer" in str(ended[0])


def test_waits_grow_and_are_cut_by_chance() -> None:
    waits: list[float] = []

    def never() -> None:
        raise TrackingError("http://x", "away")

    with pytest.raises(TrackingError):
        patiently(never, sleep=waits.append)
    assert len(waits) == ATTEMPTS - 1
    assert all(0 <= wait <= 0.2 * 2**number for number, wait in enumerate(waits))
    answers = iter([TrackingError("http://x", "away"), None])

    def once() -> str:
        if error := next(answers):
            raise error
        return "here"

    assert patiently(once, sleep=waits.append) == "here"
