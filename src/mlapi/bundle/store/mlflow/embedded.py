"""MLflow's embedded database: a SQLite file, looked at without MLflow."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit


def file_of(uri: str | None) -> Path | None:
    """Give the file of an embedded database, None for any other address."""
    if uri is None or not uri.startswith("sqlite:///"):
        return None
    return Path(urlsplit(uri).path[1:]).absolute()


def is_empty(uri: str | None) -> bool:
    """Tell whether an embedded database has no registered model.

    MLflow makes the tables when it opens a database, which takes seconds and fails for two that do it at once. Who only
    reads must not get into the way of the training that is about to make them.
    """
    database = file_of(uri)
    if database is None:
        return False
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM registered_models LIMIT 1").fetchone() is None
    except sqlite3.Error as error:  # what is neither (busy, no database) MLflow will say better
        return not database.exists() or "no such table" in str(error)
