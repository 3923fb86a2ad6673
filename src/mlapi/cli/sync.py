"""mlapi sync: bring what was kept here to the tracking server and the store."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mlapi.cli.border import FAILED
from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation
from mlapi.cli.output import print_json
from mlapi.cli.told import listener

if TYPE_CHECKING:
    from mlapi.training.syncing import Synced


@click.command(cls=Command, epilog="Example: mlapi sync")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sync(invocation: Invocation, as_json: bool) -> int:
    """Send the runs and bundles that were kept offline.

    What is there stays as it is: bundles get the next numbers in the order in which their runs ended, or are linked to
    the version that has the same content. No alias is moved. Run twice, it changes nothing.
    """
    from mlapi.training.syncing import Sync

    settings = invocation.settings()
    progress = listener(settings, "mlapi-sync")
    try:
        done = Sync(settings).run(progress)
    finally:
        progress.close()
    if as_json:
        print_json(asdict(done))
    else:
        for line in lines(done):
            click.echo(line)
    for problem in done.problems:
        click.echo(f"mlapi: error: {problem}", err=True)
    return FAILED if done.problems else 0


def lines(done: Synced) -> list[str]:
    """Say for a person what was done, one line each."""
    told = [f"sent {done.runs} run{'' if done.runs == 1 else 's'}"] if done.runs else []
    told += [f"registered {name} version {version}" for name, version in done.registered]
    told += [f"{name} version {version} has the same content already" for name, version in done.linked]
    return told or ["nothing was waiting"]
