"""From an empty and from an older database to the tables of this version, on SQLite and PostgreSQL."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from mlapi.app.core.database import Database
from mlapi.app.models import answered_request, model_event, outcome, prediction_log, user
from mlapi.app.models.base import Base
from mlapi.app.models.migration import SCRIPTS, _migrate, revision, upgrade
from mlapi.app.models.migrations import HEAD
from mlapi.ops.errors import SettingsError

RECORDS = (
    answered_request.AnsweredRequestRecord,
    prediction_log.PredictionRecord,
    outcome.OutcomeRecord,
    model_event.ModelEventRecord,
    user.UserRecord,
)


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return ScriptDirectory.from_config(config)


def test_the_named_head_is_the_only_one() -> None:
    assert scripts().get_heads() == [HEAD]


def test_an_empty_database_gets_the_tables_of_the_records(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
        assert {record.__tablename__ for record in RECORDS} <= set(inspect(connection).get_table_names())


def test_every_older_database_becomes_the_same(url: str) -> None:
    database = Database(url)
    upgrade(database)  # makes the directory of a file
    with database.engine.begin() as connection:
        connection.execute(text("DROP VIEW answered_rows"))
        for table in reversed(Base.metadata.sorted_tables):
            table.drop(connection, checkfirst=True)
        connection.execute(text("DROP TABLE alembic_version"))
    for step in reversed(list(scripts().walk_revisions())):
        with database.engine.connect() as connection:
            _migrate(connection, step.revision)
            connection.commit()
            assert revision(connection) == step.revision
    upgrade(database)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()


def test_a_second_time_changes_nothing(database: Database) -> None:
    upgrade(database)
    with database.engine.connect() as connection:
        assert revision(connection) == HEAD


def test_processes_that_start_together_agree(url: str) -> None:
    script = (
        "import sys; from mlapi.app.core.database import Database; from mlapi.app.models.migration import upgrade;"
        "sys.stdin.read(1); upgrade(Database(sys.argv[1], wait_s=30))"
    )
    command = [sys.executable, "-c", script, url]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    done = [process.communicate(b"g", timeout=120)[1].decode() for process in processes]
    assert done == [""] * 4
    assert [process.returncode for process in processes] == [0] * 4


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(SettingsError, match="a newer version of mlapi has changed this database"):
        upgrade(database)
    with database.engine.connect() as connection:
        assert revision(connection) == "later"
