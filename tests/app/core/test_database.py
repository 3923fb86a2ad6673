"""Which database, and how it is opened."""

from pathlib import Path

import pytest
from sqlalchemy import text

from mlapi.app.core.database import Database
from mlapi.ops.errors import SettingsError
from tests.app.service import settings


def test_without_an_address_it_is_a_file_below_the_state_directory(tmp_path: Path) -> None:
    assert Database.of(settings(tmp_path)).file == tmp_path / "service.db"


def test_making_one_touches_nothing(tmp_path: Path) -> None:
    database = Database.of(settings(tmp_path / "state"))
    database.close()
    assert not (tmp_path / "state").exists()


def test_the_settings_may_name_another() -> None:
    database = Database.of(settings(Path("state"), database_url="postgresql://someone@127.0.0.1/records"))
    assert (database.engine.url.drivername, database.file) == ("postgresql+psycopg", None)


def test_sqlite_logs_ahead_and_keeps_references_whole(tmp_path: Path) -> None:
    database = Database.of(settings(tmp_path))
    with database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("nonsense", "give an address such as postgresql://"),
        ("mssql+nothing://host/name", "give an address such as postgresql://"),
        ("oracle://host/name", "its driver is missing"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_by_the_settings_name(url: str, advice: str) -> None:
    with pytest.raises(SettingsError, match=f"^MLAPI_DATABASE_URL: {advice}") as refused:
        _ = Database(url).engine
    assert url not in str(refused.value)
