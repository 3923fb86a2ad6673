"""Databases by their drivers alone."""

import sqlite3
from pathlib import Path

import pytest

from mlapi.app.core.database import Database
from mlapi.app.core.driver import DatabaseAway, file_of, server_of
from mlapi.app.core.transaction import AT_ONCE
from tests.fixtures import postgres


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///a b.db", Path("a b.db")),
        ("sqlite+pysqlite:////var/x.db", Path("/var/x.db")),
        ("sqlite://", None),
        ("sqlite:///x.db?mode=ro", None),
        ("postgresql:///x", None),
    ],
)
def test_plain_files_are_known(url: str, file: Path | None) -> None:
    assert file_of(url) == file


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgres://u:p%40@h:1/d", "postgresql://u:p%40@h:1/d"),
        ("postgresql+psycopg://h/d?sslmode=verify-full", "postgresql://h/d?sslmode=verify-full"),
        ("postgresql://u@/d?host=h1:1&host=h2:2", None),
        ("postgresql+asyncpg://h/d", None),
        ("sqlite:///x", None),
    ],
)
def test_plain_servers_are_known(url: str, address: str | None) -> None:
    assert server_of(url) == address


@pytest.mark.parametrize("more", ["", "?timeout=5"], ids=["plain", "by SQLAlchemy"])
def test_rows_of_any_number_are_written_once(tmp_path: Path, more: str) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}{more}")
    n_rows = 2 * AT_ONCE + 3
    for _ in range(2):
        with database.transaction() as transaction:
            transaction.first("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, name TEXT)")
            transaction.insert("t", ("id", "name"), ((number, "x") for number in range(n_rows)))
    with database.transaction() as transaction:
        assert transaction.first("SELECT count(*) FROM t") == n_rows
        assert transaction.first("SELECT name FROM t WHERE id = -1") is None
        assert (transaction.has_table("t"), transaction.has_table("u")) == (True, False)
    database.close()


def test_a_failure_undoes_what_was_done(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with database.transaction() as transaction:
        transaction.first("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    for rows, error in (([(1, "x"), (2, None)], sqlite3.IntegrityError), ([(1, "x"), (2,)], DatabaseAway)):
        with pytest.raises(error), database.transaction() as transaction:
            transaction.insert("t", ("id", "name"), rows)
    with pytest.raises(ZeroDivisionError), database.transaction() as transaction:
        transaction.insert("t", ("id", "name"), ((1 // number, "x") for number in (1, 0)))
    with database.transaction() as transaction:
        assert transaction.first("SELECT count(*) FROM t") == 0
    database.close()


def test_a_server_that_went_and_came_back_is_met_again() -> None:
    with postgres.running() as server:
        database = Database(f"postgresql://{postgres.USER}@127.0.0.1:{server.port}/postgres", wait_s=1)
        with database.transaction() as transaction:
            assert transaction.has_table("pg_class")
            assert transaction.first("SHOW timezone") == "UTC"
        server.stop()
        with pytest.raises(DatabaseAway), database.transaction():
            pass
        server.start()
        with database.transaction() as transaction:
            assert transaction.first("SELECT 1") == 1
        server.stop()
        server.start()
        with database.transaction() as transaction:  # found out before anything is lost
            assert transaction.first("SELECT 1") == 1
        database.close()
