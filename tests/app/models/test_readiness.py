"""Tables without SQLAlchemy in the process that needs them."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from mlapi.app.core.database import Database
from mlapi.app.models.migration import revision, upgrade
from mlapi.app.models.migrations import HEAD
from mlapi.app.models.readiness import ensure
from mlapi.ops.errors import SettingsError

# Makes the tables ready, and says what it raised, and whether SQLAlchemy was needed.
SCRIPT = """
import sys
from mlapi.app.core.database import Database
from mlapi.app.models.readiness import ensure
for _ in range(2):
    try:
        ensure(Database(sys.argv[1], wait_s=0.1))
        raised = None
    except Exception as error:
        raised = error
    print(type(raised).__name__, "sqlalchemy" in sys.modules)
"""


def ensured(url: str) -> list[str]:
    """Twice, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, url], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.splitlines()


def test_tables_are_made_by_another_process(url: str) -> None:
    assert ensured(url) == ["NoneType False"] * 2
    database = Database(url)
    with database.engine.connect() as connection:
        assert revision(connection) == HEAD
    database.close()


def test_tables_that_are_there_need_nobody(database: Database, url: str) -> None:
    assert ensured(url) == ["NoneType False"] * 2


def test_a_newer_version_is_refused_by_its_name(database: Database, url: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(SettingsError, match="a newer version of mlapi has changed this database"):
        ensure(database)
    assert ensured(url) == ["SettingsError True"] * 2


def test_a_database_that_is_away_starts_no_process(tmp_path: Path) -> None:
    (tmp_path / "service.db").mkdir()
    assert ensured(f"sqlite:///{tmp_path / 'service.db'}") == ["DatabaseAway False"] * 2


def test_where_sqlalchemy_is_loaded_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/file")
    database = Database(f"sqlite:///{tmp_path / 'service.db'}")
    ensure(database)
    with database.engine.connect() as connection:
        assert revision(connection) == HEAD
    upgrade(database)
    database.close()
