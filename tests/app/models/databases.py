"""The databases that every contract of records is tried on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlapi.app.core.database import Database
from mlapi.app.models.migration import upgrade
from tests.fixtures import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    return postgres.new_database() if request.param == "postgresql" else f"sqlite:///{tmp_path / 'db' / 'service.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A database with the tables of this version."""
    made = Database(url)
    upgrade(made)
    yield made
    made.close()
