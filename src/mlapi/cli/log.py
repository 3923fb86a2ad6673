"""mlapi log: look after the prediction log."""

from __future__ import annotations

import click

from mlapi.cli.command import Group
from mlapi.cli.invocation import Invocation


@click.group(cls=Group)
def log() -> None:
    """Look after the prediction log."""


@log.command(epilog="Example: mlapi log delete 019bf3a4-5c2e-7d11-9a3b-0c1d2e3f4a5b")
@click.argument("ids", metavar="ID...", type=click.UUID, nargs=-1, required=True)
@click.pass_obj
def delete(invocation: Invocation, /, ids: tuple[object, ...]) -> None:
    """Delete logged predictions, with their outcomes, by prediction id."""
    from sqlalchemy.exc import DBAPIError

    from mlapi.app.core.database import Database
    from mlapi.app.services.answered_rows import forget
    from mlapi.app.services.record_store import RecordStore
    from mlapi.ops.errors import OpsError

    store = RecordStore(Database.of(invocation.settings()))
    try:
        with store.sessions().begin() as session:
            n_deleted = len(forget(session, [str(one) for one in ids]))
    except DBAPIError as error:
        raise OpsError(f"the database cannot be used: {error.orig}") from error
    finally:
        store.close()
    click.echo(f"{n_deleted} of {len(ids)} deleted")
    if n_deleted < len(ids):
        raise OpsError("the others are not in the log")
