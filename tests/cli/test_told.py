import json

import pytest

from mlapi.cli.progress import TerminalProgress
from mlapi.cli.told import listener
from mlapi.ops.settings import load_settings
from tests.cli.run import mlapi


def test_a_person_sees_a_bar() -> None:
    assert isinstance(listener(load_settings(environ={}), "mlapi-train"), TerminalProgress)


def test_a_program_reads_each_stage_once_in_the_schema_of_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    told = listener(load_settings(environ={"MLAPI_LOG_FORMAT": "json"}), "mlapi-train")
    told("reading the data")
    for done in range(3):
        told("boosting", done, 3)
    told.close()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["message"], line["event.action"]) for line in lines] == [
        ("reading the data", "reading-the-data"),
        ("boosting", "boosting"),
    ]
    assert {line["service.name"] for line in lines} == {"mlapi-train"}
    assert {"@timestamp", "log.level", "service.version", "process.pid"} <= set(lines[0])


def test_sync_says_when_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    result = mlapi("sync")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "nothing was waiting\n", "")
    assert json.loads(mlapi("sync", "--json").stdout) == {"runs": 0, "registered": [], "linked": [], "problems": []}


def test_sync_tells_of_a_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    result = mlapi("sync")
    assert result.exit_code == 1
    assert "http://127.0.0.1:9: does not answer" in result.stderr


def test_what_was_done_is_said_line_by_line() -> None:
    from mlapi.cli.sync import lines
    from mlapi.training.syncing import Synced

    assert lines(Synced(runs=1, registered=[("churn", "4")], linked=[("churn", "3")])) == [
        "sent 1 run",
        "registered churn version 4",
        "churn version 3 has the same content already",
    ]
