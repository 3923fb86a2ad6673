from pathlib import Path

import pytest

from tests.cli.run import failed, mlapi


def printed(*arguments: str) -> str:
    result = mlapi("tracking", "--dry-run", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_runs_a_server_over_the_database_and_the_files_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLAPI_STATE_DIR", str(tmp_path))
    words = printed("--listen", "127.0.0.1:5001").split()
    assert words[:6] == ["mlflow", "server", "--host", "127.0.0.1", "--port", "5001"]
    assert f"sqlite:///{tmp_path}/mlflow.db" in words
    assert str(tmp_path / "artifacts") in words


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MLFLOW_BACKEND_STORE_URI", "postgresql://db/mlflow", "--backend-store-uri postgresql://db/mlflow"),
        ("MLAPI_S3_BUCKET", "our-models", "--artifacts-destination s3://our-models"),
        ("MLFLOW_DEFAULT_ARTIFACT_ROOT", "s3://other/place", "--artifacts-destination s3://other/place"),
        ("MLAPI_ARTIFACT_ROOT", "elsewhere", "--artifacts-destination elsewhere"),
    ],
)
def test_each_setting_of_the_server_has_its_effect(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    assert expected in printed()


def test_an_address_without_a_port_is_refused() -> None:
    assert "HOST:PORT" in failed("tracking", "--listen", "localhost", code=2)


def test_it_becomes_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr("os.execvp", lambda file, words: seen.append(words))
    monkeypatch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "")
    mlapi("tracking")
    assert seen[0][:2] == ["mlflow", "server"]
