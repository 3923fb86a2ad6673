"""mlapi train: from a table to a registered version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.invocation import Invocation
from mlapi.cli.output import print_json
from mlapi.cli.told import listener
from mlapi.cli.training_flags import TrainingCommand

if TYPE_CHECKING:
    from mlapi.training.pipeline import TrainingResult
    from mlapi.training.report import DataReport
    from mlapi.training.resolving import Resolved


def result_flags(function: Callable[..., None]) -> Callable[..., None]:
    """Add the flags that say what to print."""
    show = click.option("--show-config", is_flag=True, help="Print every parameter and its origin; train nothing.")
    return click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")(show(function))


@click.command(cls=TrainingCommand, epilog="Example: mlapi train --data adult.csv --target class --drop fnlwgt")
@result_flags
@click.pass_obj
def train(invocation: Invocation, /, **flags: Any) -> None:
    """Train a model and register it. The alias `staging` then points at the new version.

    Every flag may also be a variable MLAPI_TRAINING_<NAME> or stand in mlapi.toml below [training].
    """
    run(invocation, flags)


def run(invocation: Invocation, flags: dict[str, Any], *, trials: int = 0) -> None:
    """Train as flags, variables and a file say, with so many trials if none of them says, and print what came of it."""
    from mlapi.ops.sources import Given
    from mlapi.training import pipeline
    from mlapi.training.resolving import resolve

    as_json, show_config = flags.pop("as_json"), flags.pop("show_config")
    resolved = resolve({"trials": Given(trials, "default")} | invocation.training(), flags)
    if show_config:
        print_configuration(resolved, as_json=as_json)
        return
    settings = invocation.settings()
    progress = listener(settings, "mlapi-train")

    def hears(report: DataReport) -> None:
        progress.close()
        if not as_json:
            click.echo("\n".join(report.lines()))

    try:
        result = pipeline.train(resolved.config, settings, progress, hears=hears)
    finally:
        progress.close()
    if as_json:
        print_json(summary(result))
    else:
        print_report(result)
        click.echo(f"Next: mlapi models promote {result.model}" if result.version else "Next: mlapi sync")


def print_configuration(resolved: Resolved, *, as_json: bool) -> None:
    """Print every parameter with where it comes from."""
    from mlapi.cli import shown_config

    if as_json:
        print_json(shown_config.with_origins(resolved))
    else:
        click.echo("\n".join(shown_config.lines(resolved)))


def summary(result: TrainingResult) -> dict[str, object]:
    """Give what a program wants to know of a training."""
    names = ("model", "version", "content_digest", "run_id", "metrics")
    return {name: getattr(result, name) for name in names}


def figures(result: TrainingResult) -> Iterator[str]:
    """Give the figures on the test rows as a table, those of the baselines beside the model's."""
    from mlapi.training.baselines import BASELINES

    words = [name.replace("_", " ") for name in BASELINES]
    yield f"{'on the test rows':<18}  model   95 % interval     {'  '.join(words)}"
    for name, value in result.metrics.items():
        if not name.startswith(BASELINES):
            low, high = result.metric_intervals[name]
            beaten = [result.metrics.get(f"{baseline}_{name}") for baseline in BASELINES]
            cells = ["" if one is None else f"{one:.4f}" for one in beaten]
            beside = "  ".join(f"{cell:<{len(word)}}" for cell, word in zip(cells, words, strict=True))
            yield f"{name:<18}  {value:.4f}  {low:.4f} to {high:.4f}  {beside}".rstrip()


def print_report(result: TrainingResult) -> None:
    """Print what a person wants to know of a training."""
    for note in result.notes:
        click.echo(note)
    for line in figures(result):
        click.echo(line)
    where = f"version {result.version}, now in staging" if result.version else "nowhere yet, and kept here"
    click.echo(f"registered {result.model} {where}  (bundle {result.content_digest[:12]})")
