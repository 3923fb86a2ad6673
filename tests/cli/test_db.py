import sqlite3
from pathlib import Path

import pytest

from tests.cli.run import failed, mlapi


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLAPI_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_upgrade_makes_the_tables_and_says_where_they_are_now(state_dir: Path) -> None:
    assert mlapi("db", "upgrade").stdout.startswith("the database is at revision 0")
    assert mlapi("db", "upgrade").exit_code == 0
    with sqlite3.connect(state_dir / "service.db") as connection:
        assert connection.execute("SELECT count(*) FROM predictions").fetchone() == (0,)
    connection.close()


def test_upgrade_of_a_file_that_is_no_database_is_one_line(state_dir: Path) -> None:
    state_dir.mkdir()
    (state_dir / "service.db").write_text("this is a letter to a friend, and it is longer than a header is. " * 20)
    assert failed("db", "upgrade") == "the database cannot be used: file is not a database"
