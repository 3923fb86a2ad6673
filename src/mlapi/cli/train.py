"""mlapi train: from a table to a registered version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation
from mlapi.cli.output import print_json
from mlapi.cli.progress import TerminalProgress

if TYPE_CHECKING:
    from mlapi.training.pipeline import TrainingResult

FILE = click.Path(path_type=Path)


@click.command(cls=Command, epilog="Example: mlapi train --data adult.csv --target class --drop fnlwgt")
@click.option("--dataset", metavar="NAME", help="A table inside scikit-learn: breast_cancer, wine, iris or digits.")
@click.option(
    "--data",
    type=FILE,
    metavar="FILE",
    help="A CSV, TSV, JSON Lines or ARFF file (.gz and .zst too), Parquet or Arrow.",
)
@click.option("--target", metavar="COLUMN", help="The column to predict.")
@click.option(
    "--test", type=FILE, metavar="FILE", help="A second file for the figures, instead of a part of the first."
)
@click.option("--drop", multiple=True, metavar="COLUMN", help="A column to leave out; may be given again.")
@click.option("--schema", "schema_file", type=FILE, metavar="FILE", help="A TOML file that says what features are.")
@click.option("--positive", metavar="LABEL", help="The positive class of two; else the second in sorted order.")
@click.option("--name", metavar="MODEL", help="The model's name; else the dataset's or the file's.")
@click.option("--seed", type=int, help="Of the split, the booster, the search and the intervals.  [default: 42]")
@click.option("--trials", type=int, metavar="N", help="Parameter sets to try; none are tried by default.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.pass_obj
def train(invocation: Invocation, /, as_json: bool, **flags: Any) -> None:
    """Train a model and register it. The alias `staging` then points at the new version."""
    from mlapi.cli.training_config import configuration
    from mlapi.training import pipeline

    settings = invocation.settings()
    progress = TerminalProgress()
    try:
        result = pipeline.train(configuration(settings.training, flags), settings, progress)
    finally:
        progress.close()
    if as_json:
        print_json(summary(result))
    else:
        print_report(result)
        click.echo(f"Next: mlapi models promote {result.model}")


def summary(result: TrainingResult) -> dict[str, object]:
    """Give what a program wants to know of a training."""
    names = ("model", "version", "content_digest", "run_id", "metrics")
    return {name: getattr(result, name) for name in names}


def print_report(result: TrainingResult) -> None:
    """Print what a person wants to know of a training."""
    for line in result.report.lines():
        click.echo(line)
    for name, value in result.metrics.items():
        low, high = result.metric_intervals[name]
        click.echo(f"{name:<18} {value:.4f}  (95 % interval {low:.4f} to {high:.4f})")
    click.echo(
        f"registered {result.model} version {result.version}, now in staging  (bundle {result.content_digest[:12]})"
    )
