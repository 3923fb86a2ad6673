"""The command `mlapi` itself."""

import click

import mlapi
from mlapi.cli.command import LazyGroup, shared_options
from mlapi.cli.invocation import Invocation

COMMANDS = (
    "quickstart",
    "train",
    "tune",
    "models",
    "sync",
    "serve",
    "follow",
    "predict",
    "score",
    "keys",
    "db",
    "log",
    "openapi",
    "tracking",
)


@click.group(
    cls=LazyGroup,
    modules=COMMANDS,
    params=shared_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: mlapi quickstart",
)
@click.version_option(mlapi.__version__, prog_name="mlapi")
@click.pass_obj
def cli(invocation: Invocation) -> None:
    """From a table to a production prediction API: train, promote, serve."""
    from mlapi.ops import logs

    logs.configure("INFO" if invocation.debug else "WARNING", service="mlapi", plain=True)


def main() -> None:
    """Run the command line of this process."""
    cli.main()


if __name__ == "__main__":
    main()
