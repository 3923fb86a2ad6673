import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.registered import NO, UNSEEN, YES
from tests.cli.run import failed, mlapi

pytestmark = pytest.mark.usefixtures("state")


def answered(*arguments: str) -> dict[str, Any]:
    result = mlapi("predict", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_one_row_from_the_command_line() -> None:
    found = answered(json.dumps(YES), "--version", "1")
    assert (found["predictions"], found["model_version"]) == (["yes"], "1")
    (probabilities,) = found["probabilities"]
    assert set(probabilities) == {"yes", "no"}


def test_without_a_version_it_is_the_one_in_production_else_the_newest() -> None:
    assert answered(json.dumps(YES))["model_version"] == "2"
    mlapi("models", "promote", "sample", "1")
    assert answered(json.dumps(YES))["model_version"] == "1"


def test_this_machines_copy_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    mlapi("models", "promote", "sample", "1")
    assert mlapi("follow", "--once").exit_code == 0
    monkeypatch.setenv("MLAPI_STORE", "file:elsewhere")
    assert answered(json.dumps(YES))["model_version"] == "1"
    assert "there is no model" in failed("predict", json.dumps(YES), "--model-name", "other")


def test_a_directory_needs_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlapi("models", "export", "sample", "1", "bundle")
    monkeypatch.setenv("MLAPI_STORE", "file:elsewhere")
    assert answered(json.dumps(YES), "--bundle", "bundle")["model_version"] is None


def test_a_file_of_rows_is_a_table_for_people(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps({"data": [YES, NO]}))
    result = mlapi("predict", "rows.json")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["ROW", "PREDICTION", "P(no)", "P(yes)"]
    assert [line[:2] for line in lines[1:]] == [["0", "yes"], ["1", "no"]]


def test_an_unseen_category_is_a_warning() -> None:
    assert answered(json.dumps(UNSEEN))["warnings"] == [{"row": 0, "feature": "plan", "code": "unknown_category"}]
    result = mlapi("predict", json.dumps(UNSEEN))
    assert result.exit_code == 0
    assert result.stderr.startswith("mlapi: warning: row 0: 'plan'")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ('{"age": "old"}', "age"),
        ('{"age": 20, "member": true, "agee": 1}', "agee"),
        ("none.json", "none.json: no such file or directory"),
    ],
)
def test_what_cannot_be_predicted_is_one_line(rows: str, says: str) -> None:
    assert says in failed("predict", rows)


def test_what_is_no_rows_is_wrong_usage() -> None:
    assert "ROWS" in failed("predict", "[]", code=2)


def test_a_store_without_models_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLAPI_STORE", "file:elsewhere")
    assert "run `mlapi train` first" in failed("predict", json.dumps(YES))
