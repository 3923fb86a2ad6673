"""mlapi follow: bring what an alias names to this machine, verified."""

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation


@click.command(cls=Command, epilog="Example: mlapi follow --once")
@click.option("--once", is_flag=True, help="Look once and stop; exit 1 if the model could not be brought.")
@click.option("--model-name", metavar="MODEL", help="The model; needed where the store has more than one.")
@click.option("--store", metavar="ADDRESS", help="mlflow, or file:DIR.  [default: mlflow]")
@click.pass_obj
def follow(invocation: Invocation, /, once: bool, **flags: object) -> None:
    """Keep this machine's copy of a model fresh. `mlapi serve` runs this beside itself."""
    from mlapi.cli import following
    from mlapi.ops import logs

    settings = invocation.settings(**flags)
    if once:
        click.echo(following.once(settings))
    else:
        logs.configure(settings.api.log_level, service="mlapi-follow")
        following.forever(settings)
