"""One piece of a file scored: its rows with answers beside them, and the cells that did not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlapi.bundle.cells import Fault
from mlapi.bundle.decimals import shortest
from mlapi.bundle.decision import Decision
from mlapi.bundle.errors import RowsError
from mlapi.bundle.model import Bundle, Prediction
from mlapi.bundle.types import Label, Matrix, Table
from mlapi.training.errors import TableError, shown
from mlapi.training.scoring.cells import BadCell, read_cells

PREDICTION = "prediction"


class Scored(NamedTuple):
    """The piece's columns and then the answers', null in bad rows; the bad cells; and how many categories were unseen.

    A cell of an unseen category counts as missing, so its row has an answer.
    """

    table: pa.Table
    bad: list[BadCell]
    n_unknown: int


def answer_columns(decision: Decision) -> tuple[str, ...]:
    """Give the names of the columns that scoring adds."""
    return (PREDICTION, *(f"probability_{name}" for name in decision.names))


def check_free(source: str, names: Sequence[str], decision: Decision) -> None:
    """See that a file has none of the answers' columns itself.

    Raises:
        TableError: it has one.
    """
    for name in answer_columns(decision):
        if name in names:
            raise TableError(source, f"has a column {shown(name)} already, which scoring would add; rename it")


def score_piece(model: Bundle, piece: pa.Table) -> Scored:
    """Score some rows; a row with a bad cell gets no answer.

    Raises:
        ColumnError: a column's type cannot be its feature's.
    """
    table, bad = read_cells(model.schema, piece)
    good = np.ones(piece.num_rows, np.bool_)
    good[[one.row for one in bad]] = False
    while good.any():
        rows = np.flatnonzero(good)
        try:
            prediction = model.predict_table(table if good.all() else _take(table, rows))
        except RowsError as error:  # a number that scaling takes beyond float32
            late = [BadCell(int(rows[one.row]), one.feature, Fault(one.code, one.expected)) for one in error.errors]
            good[[one.row for one in late]] = False
            bad += late
        else:
            return Scored(_with_answers(piece, model.decision, prediction, good), bad, len(prediction.unknown))
    return Scored(_with_answers(piece, model.decision, None, good), bad, 0)


def _take(table: Table, rows: NDArray[np.intp]) -> Table:
    return {name: cells[rows] for name, cells in table.items()}


def _with_answers(
    piece: pa.Table, decision: Decision, prediction: Prediction[Matrix] | None, good: NDArray[np.bool_]
) -> pa.Table:
    labels = prediction.labels if prediction else []
    chances = np.array(shortest(prediction.probabilities) if prediction else [], np.float64)
    answers = [pa.array(labels, _type_of(decision.classes)), *map(pa.array, chances.reshape(-1, len(decision.names)).T)]
    place = np.cumsum(good) - 1
    places = None if good.all() else pa.array(place, mask=~good)
    for name, answer in zip(answer_columns(decision), answers, strict=True):
        piece = piece.append_column(name, answer if places is None else answer.take(places))
    return piece


def _type_of(classes: Sequence[Label]) -> pa.DataType:
    """Give the column type of labels, also where a piece has none."""
    if all(isinstance(label, bool) for label in classes):
        return pa.bool_()
    return pa.int64() if all(isinstance(label, int) for label in classes) else pa.string()
