"""mlapi tracking: the MLflow server that the settings describe."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings

QUIET: Final = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # two processes that nothing here needs


@click.command(cls=Command, epilog="Example: MLAPI_S3_BUCKET=our-models mlapi tracking --listen 127.0.0.1:5000")
@click.option("--listen", default="127.0.0.1:5000", show_default=True, metavar="HOST:PORT", help="Where to listen.")
@click.option("--dry-run", is_flag=True, help="Print the command line, and stop.")
@click.pass_obj
def tracking(invocation: Invocation, /, listen: str, dry_run: bool) -> None:
    """Run the MLflow server that the settings describe.

    Its database and its place for files are the settings'; others share it by MLFLOW_TRACKING_URI.
    """
    words = command_line(invocation.settings(), listen)
    if dry_run:
        click.echo(" ".join(words))
        return
    os.environ.update(QUIET)
    os.execvp(words[0], words)  # noqa: S606  # becomes the server; no shell is wanted


def command_line(settings: Settings, listen: str) -> list[str]:
    """Give `mlflow server` with the settings' database and place for files.

    Raises:
        click.UsageError: `listen` is no HOST:PORT.
    """
    address = urlsplit(f"//{listen}")
    if not address.hostname or address.port is None:
        raise click.UsageError(f"--listen takes HOST:PORT, not {listen}")
    options = {
        "host": address.hostname,
        "port": str(address.port),
        "backend-store-uri": settings.mlflow.backend_store_uri,
        "artifacts-destination": settings.mlflow.default_artifact_root,
    }
    return ["mlflow", "server", *(word for name, value in options.items() for word in (f"--{name}", value))]
