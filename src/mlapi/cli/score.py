"""mlapi score: predictions for a file of any size, into another."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.border import FAILED
from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation
from mlapi.cli.loaded_model import loaded, which_model
from mlapi.cli.output import print_json
from mlapi.cli.told import listener

if TYPE_CHECKING:
    from mlapi.training.scoring import FileScorer, Outcome

FILE = click.Path(path_type=Path)


@click.command(cls=Command, epilog="Example: mlapi score customers.parquet scored.csv --model-name churn")
@click.argument("source", type=FILE, metavar="IN")
@click.argument("out", type=FILE)
@which_model
@click.option(
    "--defuse/--no-defuse",
    default=True,
    help="In CSV, put an apostrophe before a text that a spreadsheet would run as a formula.  [default: defuse]",
)
@click.option("--engine", type=click.Choice(["here", "dask"]), default="here", help="Where to score.  [default: here]")
@click.option("--scheduler", metavar="ADDRESS", help="Dask's scheduler; a cluster on this machine if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
@click.pass_obj
def score(
    invocation: Invocation,
    /,
    source: Path,
    out: Path,
    defuse: bool,
    engine: str,
    scheduler: str | None,
    as_json: bool,
    **which: Any,
) -> int:
    """Score the rows of IN into OUT.

    IN is CSV, TSV, JSON Lines, ARFF, Parquet or Arrow, of any size; OUT likewise, but for ARFF. It has the columns of
    IN, `prediction` and `probability_<label>`, and appears whole when all is done.

    A row with a cell that does not fit gets no prediction; OUT.errors.jsonl then says which cells, rows counted from 0.
    """
    from mlapi.training.scoring import FileScorer

    settings = invocation.settings(model_name=which["model_name"])
    progress = listener(settings, "mlapi-score")
    try:
        with loaded(settings, which["version"], which["bundle"]) as (model, _):
            scorer = FileScorer(model, defuse=defuse, progress=progress)
            outcome = _on_dask(scorer, scheduler, source, out) if engine == "dask" else scorer.score(source, out)
    finally:
        progress.close()
    if as_json:
        print_json(asdict(outcome))
    else:
        click.echo(f"scored {outcome.n_rows - outcome.n_bad} of {outcome.n_rows} rows into {out}")
    for warning in warnings(outcome):
        click.echo(f"mlapi: warning: {warning}", err=True)
    return FAILED if outcome.n_bad == outcome.n_rows else 0


def _on_dask(scorer: FileScorer, scheduler: str | None, source: Path, out: Path) -> Outcome:
    from mlapi.training.scoring.on_dask import on_dask

    with on_dask(scorer.model, scheduler) as scoring:
        return replace(scorer, scoring=scoring).score(source, out)


def warnings(outcome: Outcome) -> list[str]:
    """Say what a person should look at, one line each."""
    found = []
    if outcome.n_bad:
        found.append(f"{outcome.n_bad} rows have cells that do not fit; see {outcome.errors}")
    if outcome.n_unknown:
        found.append(f"{outcome.n_unknown} cells have categories that training had not seen; taken as missing")
    return found
