"""mlapi tune: search for parameters, then train and register the best."""

from __future__ import annotations

from typing import Any

import click

from mlapi.cli.invocation import Invocation
from mlapi.cli.train import result_flags, run
from mlapi.cli.training_flags import TrainingCommand

TRIALS = 30  # where nothing says how many


@click.command(
    cls=TrainingCommand,
    epilog="Example: mlapi tune --data adult.csv --target class --trials 50 --timeout 1800 --search max_bin=64,256",
)
@result_flags
@click.pass_obj
def tune(invocation: Invocation, /, **flags: Any) -> None:
    """Search for the best parameters and train.

    The model is registered as by `mlapi train`. Ctrl-C ends the search and goes on with the best so far;
    a search that was killed goes on with --resume.
    """
    run(invocation, flags, trials=TRIALS)
