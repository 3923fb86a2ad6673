"""The tables of this version without SQLAlchemy in this process: mostly they are there, else another one makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from mlapi.app.core.database import Database
from mlapi.app.models.migrations import HEAD
from mlapi.ops.settings import KEY_SETTINGS

URL: Final = "MLAPI_DATABASE_URL"
MAKING_S: Final = 60.0  # for the other process


def ensure(database: Database) -> None:
    """Do what `migration.upgrade` does, and raise as it does; DatabaseAway too."""
    if database.file is not None:
        database.file.parent.mkdir(parents=True, exist_ok=True)
    if _revision(database) == HEAD:
        return
    if "sqlalchemy" not in sys.modules and _upgraded_elsewhere(database):
        return
    from mlapi.app.models.migration import upgrade

    upgrade(database)


def _revision(database: Database) -> object:
    with database.transaction() as transaction:
        has_one = transaction.has_table("alembic_version")
        return transaction.first("SELECT version_num FROM alembic_version") if has_one else None


def _upgraded_elsewhere(database: Database) -> bool:
    """Let another process do it; where that fails this one can say why."""
    command = [sys.executable, "-m", "mlapi.app.models.readiness"]
    environ = {name: value for name, value in os.environ.items() if name not in KEY_SETTINGS} | {URL: database.url}
    try:
        done = subprocess.run(command, env=environ, timeout=MAKING_S, capture_output=True, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and _revision(database) == HEAD


def main() -> None:
    """Upgrade the database that the environment names."""
    from mlapi.app.models.migration import upgrade

    upgrade(Database(os.environ[URL]))


if __name__ == "__main__":
    main()
