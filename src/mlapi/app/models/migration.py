"""From whatever tables a database has to those that this version expects."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from mlapi.app.core.database import Database
from mlapi.app.models.migrations import HEAD
from mlapi.ops.errors import SettingsError

SCRIPTS: Final = Path(__file__).parent / "migrations"
LOCK: Final = 7_166_230  # any number, as long as every version takes the same


def upgrade(database: Database) -> None:
    """Bring the tables to what this version expects; does nothing, and quickly, where they are.

    Several processes may do so at once. The directory of a database file is made where it is missing.

    Raises:
        SettingsError: a newer version of the service has changed the tables, or the address is none.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached or written.
        OSError: the directory cannot be made.
    """
    if database.file is not None:
        database.file.parent.mkdir(parents=True, exist_ok=True)
    with database.engine.connect() as connection:
        if revision(connection) == HEAD:
            return
    with _alone(database) as connection:
        if revision(connection) != HEAD:  # another process may have been first
            _migrate(connection)


def revision(connection: Connection) -> str | None:
    """Which migration was the last; None for a database without tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A transaction that no other process can change tables beside; DDL is part of it."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            with _sqlite_transaction(connection.execution_options(isolation_level="AUTOCOMMIT")) as alone:
                yield alone
        else:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
                yield connection


@contextmanager
def _sqlite_transaction(connection: Connection) -> Iterator[Connection]:
    """Begin and end by hand: the driver by itself would commit before each DDL statement."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _migrate(connection: Connection, to: str = "head") -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:  # "Can't locate revision"
        raise SettingsError("MLAPI_DATABASE_URL", "a newer version of mlapi has changed this database") from error
