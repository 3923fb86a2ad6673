"""mlapi predict: predictions from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation
from mlapi.cli.loaded_model import loaded, which_model
from mlapi.cli.output import print_json, print_table

if TYPE_CHECKING:
    from mlapi.bundle.model import Bundle, Prediction
    from mlapi.bundle.types import Matrix


@click.command(
    cls=Command, epilog='Example: mlapi predict \'{"petal_length": 1.4, "petal_width": 0.2}\' --model-name iris'
)
@click.argument("rows")
@which_model
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, as the service answers.")
@click.pass_obj
def predict(
    invocation: Invocation, rows: str, model_name: str | None, version: str | None, bundle: Path | None, as_json: bool
) -> None:
    """Predict ROWS of JSON.

    ROWS is one row as JSON, or a file of rows (JSON, or JSON lines), or - for standard input.

    A file holds a row, a list of rows, or a request as the service takes it: {"data": [...]}.
    """
    from mlapi.cli.rows_file import read_rows

    given = read_rows(rows)
    settings = invocation.settings(model_name=model_name)
    with loaded(settings, version, bundle) as (model, label):
        prediction = model.predict(given)
    if as_json:
        print_json(answer(model, prediction, label))
    else:
        _print_predictions(model, prediction)


def answer(model: Bundle, prediction: Prediction[Matrix], version: str | None) -> dict[str, Any]:
    """Give labels, version and probabilities by class name; warnings where cells were taken as missing."""
    from mlapi.bundle.decision import shortest

    names = model.decision.names
    found: dict[str, Any] = {
        "predictions": prediction.labels,
        "model_version": version,
        "probabilities": [dict(zip(names, row, strict=True)) for row in shortest(prediction.probabilities)],
    }
    if prediction.unknown:
        found["warnings"] = [
            {"row": row, "feature": name, "code": "unknown_category"} for row, name in prediction.unknown
        ]
    return found


def _print_predictions(model: Bundle, prediction: Prediction[Matrix]) -> None:
    header = ("ROW", "PREDICTION", *(f"P({name})" for name in model.decision.names))
    cells = zip(prediction.labels, prediction.probabilities.tolist(), strict=True)
    print_table(header, [(row, label, *(f"{p:.4f}" for p in ps)) for row, (label, ps) in enumerate(cells)])
    for row, feature in prediction.unknown:
        print(
            f"mlapi: warning: row {row}: {feature!r} has a category that training had not seen; taken as missing",
            file=sys.stderr,
        )
