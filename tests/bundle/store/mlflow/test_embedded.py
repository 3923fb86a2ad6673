from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mlapi.bundle.store.mlflow.embedded import file_of, is_empty


@pytest.mark.parametrize("uri", [None, "http://127.0.0.1:5000", "postgresql://db/mlflow", "sqlite://", "/a/mlflow.db"])
def test_only_an_embedded_database_has_a_file(uri: str | None) -> None:
    assert file_of(uri) is None
    assert not is_empty(uri)


def test_the_file_is_absolute_whatever_the_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_of("sqlite:////srv/mlflow.db") == Path("/srv/mlflow.db")
    assert file_of("sqlite:///mlflow.db") == tmp_path / "mlflow.db"


def test_a_database_is_empty_until_a_model_is_registered(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'x.db'}"
    assert is_empty(uri)
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        assert is_empty(uri)
        connection.execute("CREATE TABLE registered_models (name)")
        assert is_empty(uri)
        connection.execute("INSERT INTO registered_models VALUES ('m')")
        connection.commit()
        assert not is_empty(uri)


def test_a_database_that_cannot_be_read_is_left_to_mlflow(tmp_path: Path) -> None:
    (tmp_path / "x.db").mkdir()
    assert not is_empty(f"sqlite:///{tmp_path / 'x.db'}")
    (tmp_path / "y.db").write_bytes(b"no database at all" * 100)
    assert not is_empty(f"sqlite:///{tmp_path / 'y.db'}")
