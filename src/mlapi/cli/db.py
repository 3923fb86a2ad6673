"""mlapi db: look after the service's own database."""

from __future__ import annotations

import click

from mlapi.cli.command import Group
from mlapi.cli.invocation import Invocation


@click.group(cls=Group)
def db() -> None:
    """Look after the service's own database."""


@db.command(epilog="Example: MLAPI_DATABASE_URL=postgresql://mlapi@db/mlapi mlapi db upgrade")
@click.pass_obj
def upgrade(invocation: Invocation, /) -> None:
    """Bring the tables to what this version expects; the service does so by itself when it first needs them."""
    from sqlalchemy.exc import DBAPIError

    from mlapi.app.core.database import Database
    from mlapi.app.models import migration
    from mlapi.app.models.migrations import HEAD
    from mlapi.ops.errors import OpsError

    database = Database.of(invocation.settings())
    try:
        migration.upgrade(database)
    except DBAPIError as error:
        raise OpsError(f"the database cannot be used: {error.orig}") from error
    finally:
        database.close()
    click.echo(f"the database is at revision {HEAD}")
