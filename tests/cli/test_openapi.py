import json
from pathlib import Path

import pytest

from tests.cli.run import failed, mlapi


def test_without_a_model_the_document_is_there_all_the_same() -> None:
    document = json.loads(mlapi("openapi").stdout)
    assert document["openapi"].startswith("3.")
    assert "/predict" in document["paths"]


def test_it_can_be_written_to_a_file(tmp_path: Path) -> None:
    assert mlapi("openapi", "--out", "openapi.json").stdout == ""
    assert json.loads((tmp_path / "openapi.json").read_text())["info"]["title"]


def test_production_answers_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLAPI_ENVIRONMENT", "production")
    assert mlapi("openapi").exit_code == 0


def test_a_folder_that_is_not_there_is_told() -> None:
    assert failed("openapi", "--out", "none/openapi.json") == "none/openapi.json: no such file or directory"


def test_a_planted_break_fails_and_is_named(tmp_path: Path) -> None:
    mlapi("openapi", "--contract", "--out", "old.json")
    assert "served as before" in mlapi("openapi", "--contract", "--against", "old.json").stdout
    old = json.loads((tmp_path / "old.json").read_text())
    old["paths"]["/v1/forecast"] = old["paths"]["/ping"]
    (tmp_path / "old.json").write_text(json.dumps(old))
    done = mlapi("openapi", "--contract", "--against", "old.json")
    assert done.exit_code == 1
    assert "GET /v1/forecast: removed, without a sunset that is past" in done.stdout


def test_the_contract_is_the_same_with_and_without_a_model_and_holds_no_examples() -> None:
    contract = mlapi("openapi", "--contract").stdout
    assert mlapi("openapi", "--contract").stdout == contract
    assert "x-codeSamples" not in contract
