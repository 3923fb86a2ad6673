import json
from pathlib import Path

import pytest

from tests.cli.registered import NO, UNSEEN, YES
from tests.cli.run import failed, mlapi

pytestmark = pytest.mark.usefixtures("state")


def write(path: str, *rows: dict[str, object]) -> str:
    lines = [",".join(rows[0]), *(",".join(str(cell) for cell in row.values()) for row in rows)]
    Path(path).write_text("\n".join([*lines[:1], *lines[1:]]) + "\n")
    return path


ROWS = [{"age": 1, "income": 1.0, "city": "", "plan": "", "member": True} | row for row in (YES, NO, UNSEEN)]


def test_a_file_is_scored_as_rows_are_predicted() -> None:
    result = mlapi("score", write("in.csv", *ROWS), "out.csv", "--version", "1", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"n_rows": 3, "n_bad": 0, "n_unknown": 1, "errors": None}
    assert result.stderr == "mlapi: warning: 1 cells have categories that training had not seen; taken as missing\n"
    rows = [{name: cell for name, cell in row.items() if cell != ""} for row in ROWS]
    predicted = json.loads(mlapi("predict", json.dumps(rows), "--version", "1", "--json").stdout)
    found = [line.split(",")[-3:] for line in Path("out.csv").read_text().splitlines()[1:]]
    assert [row[0].strip('"') for row in found] == predicted["predictions"]
    assert [{"no": float(row[1]), "yes": float(row[2])} for row in found] == predicted["probabilities"]


def test_bad_rows_are_a_warning_while_there_are_good_ones() -> None:
    result = mlapi("score", write("in.csv", ROWS[0], ROWS[1] | {"age": "old"}), "out.csv")
    assert (result.exit_code, result.stdout) == (0, "scored 1 of 2 rows into out.csv\n")
    assert "out.csv.errors.jsonl" in result.stderr


def test_no_good_row_is_a_failure() -> None:
    assert mlapi("score", write("in.csv", ROWS[0] | {"age": "old"}), "out.csv").exit_code == 1


def test_a_bundle_needs_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    mlapi("models", "export", "sample", "1", "bundle")
    monkeypatch.setenv("MLAPI_STORE", "file:elsewhere")
    assert mlapi("score", write("in.csv", *ROWS), "out.parquet", "--bundle", "bundle").exit_code == 0


def test_a_missing_file_is_one_line() -> None:
    assert failed("score", "none.csv", "out.csv") == "none.csv: no such file"


def test_a_scheduler_that_is_not_there_is_one_line() -> None:
    arguments = ("score", write("in.csv", *ROWS))
    assert "--scheduler" in failed(*arguments, "there.csv", "--engine", "dask", "--scheduler", "nowhere")
    assert not Path("there.csv").exists()
