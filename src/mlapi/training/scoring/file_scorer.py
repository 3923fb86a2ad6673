"""A whole file scored into another, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa

from mlapi.bundle.model import Bundle
from mlapi.training.errors import DataFileError, TableError
from mlapi.training.progress import Progress, silent
from mlapi.training.scoring.cells import BadCell, check_columns
from mlapi.training.scoring.piece_scorer import Scored, check_free, score_piece
from mlapi.training.scoring.pieces import Piece, open_pieces
from mlapi.training.scoring.sinks import Sink, check_ending, open_sink, whole_file

Scoring = Callable[[Iterable[pa.Table]], Iterable[Scored]]
"""Scores pieces in their order; lazily, so that few are in memory."""


@dataclass
class Outcome:
    """What came of a file: rows read, rows without an answer for their bad cells, and cells of unseen categories."""

    n_rows: int = 0
    n_bad: int = 0
    n_unknown: int = 0
    errors: Path | None = None


@dataclass
class FileScorer:
    """Scores files with one model; `scoring` does it elsewhere than in this thread."""

    model: Bundle
    defuse: bool = True
    scoring: Scoring | None = None
    progress: Progress = field(default=silent)

    def score(self, source: Path, out: Path) -> Outcome:
        """Score a file.

        Args:
            source: CSV, TSV, JSON Lines, ARFF, Parquet or Arrow.
            out: is written anew and appears whole at the end, or not at all: the columns of `source`, `prediction` and
                `probability_<label>`. Beside it `<out>.errors.jsonl` has a line for each bad cell, if there are any.

        Raises:
            DataFileError: `source` cannot be read, or `out` cannot be written.
            TableError: `source` has no rows, lacks a feature, or has a column that would be added.
            ColumnError: a column's type cannot be its feature's.
        """
        check_ending(out)
        pieces = self._checked(source)
        if out.exists() and out.samefile(source):
            raise DataFileError(out, "is the file to score; choose another name for the result")
        errors = out.with_name(f"{out.name}.errors.jsonl")
        with whole_file(out) as file, whole_file(errors) as bad_file:
            sink = open_sink(out, file, defuse=self.defuse)
            outcome = self._all(pieces, sink, bad_file)
            sink.close()
        if outcome.n_bad:
            outcome.errors = errors
        else:
            errors.unlink()  # one of an earlier run would be a lie
        return outcome

    def _checked(self, source: Path) -> Iterator[Piece]:
        """Look at the first piece before anything is written."""
        pieces = open_pieces(source)
        first = next(pieces, None)
        if first is None:
            raise TableError(source.name, "the table has no rows")
        check_columns(source.name, first.table.column_names, self.model.schema)
        check_free(source.name, first.table.column_names, self.model.decision)
        return chain([first], pieces)

    def _all(self, pieces: Iterator[Piece], sink: Sink, bad_file: BinaryIO) -> Outcome:
        outcome = Outcome()
        scoring = self.scoring or partial(map, partial(score_piece, self.model))
        for scored in scoring(self._told(pieces)):
            sink.write(scored.table)
            bad_file.writelines(_line(outcome.n_rows, one) for one in scored.bad)
            outcome.n_rows += scored.table.num_rows
            outcome.n_bad += len({one.row for one in scored.bad})
            outcome.n_unknown += scored.n_unknown
        return outcome

    def _told(self, pieces: Iterator[Piece]) -> Iterator[pa.Table]:
        for piece in pieces:
            percent = 100 * piece.done // piece.total if piece.total else None
            self.progress("scoring (in percent)" if piece.total else "scoring", percent, 100)
            yield piece.table


def _line(before: int, bad: BadCell) -> bytes:
    code, expected = bad.fault
    found = {"row": before + bad.row, "feature": bad.feature, "code": code, "expected": expected}
    return msgspec.json.encode(found) + b"\n"
