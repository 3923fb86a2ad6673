"""One pass over a large table: what every column holds, over all rows and over those that train, and some rows kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.column_profile import NumberProfiler, TextProfiler
from mlapi.bundle.encoder import Spread
from mlapi.bundle.profile import ColumnKind, ColumnProfile
from mlapi.training.columns import Column
from mlapi.training.dataset import cell_bytes
from mlapi.training.progress import Progress
from mlapi.training.streaming.parquet_rows import ParquetRows
from mlapi.training.streaming.parts import NONE, TRAIN, Parts

MEDIAN_ROWS = 1_000_000  # of a column that its median is taken of, about


@dataclass
class _Seen:
    """What the pass knows of one column so far."""

    kind: ColumnKind
    whole: NumberProfiler | TextProfiler
    fold: NumberProfiler | TextProfiler
    spread: Spread | None
    kept: list[Column] = field(default_factory=list)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)


@dataclass(frozen=True)
class Survey:
    """What the pass saw.

    Attributes:
        whole: of each column, over all labelled rows.
        fold: likewise, over the rows that train.
        spreads: of the number columns over the rows that train, where they were asked for.
        columns: the rows that are kept.
        digest: sha256 (hex) over names, kinds and cells.
    """

    whole: list[ColumnProfile]
    fold: list[ColumnProfile]
    spreads: dict[str, Spread]
    columns: tuple[Column, ...]
    digest: str


def survey(rows: ParquetRows, parts: Parts, progress: Progress, *, scaled: bool) -> Survey:
    """Look at every row once.

    Raises:
        DataFileError: the file cannot be read.
        ColumnError: a cell is infinite, or a column of a type that cannot be learned from.
    """
    seen: dict[str, _Seen] = {}
    every = max(1, rows.n_rows // MEDIAN_ROWS)
    for piece in rows.pieces():
        progress("looking at the data (in percent)", 100 * piece.end // rows.n_rows, 100)
        part = parts.part[piece.begin : piece.end]
        places = np.flatnonzero(parts.kept[piece.begin : piece.end])
        for column in piece.columns:
            if column.name not in seen:
                seen[column.name] = _unseen(column, every, scaled=scaled)
            _look(seen[column.name], column, part, places)
    return Survey(
        [one.whole.profile() for one in seen.values()],
        [one.fold.profile() for one in seen.values()],
        {name: one.spread for name, one in seen.items() if one.spread},
        tuple(_joined(one.kept) for one in seen.values()),
        _digest(seen),
    )


def _unseen(column: Column, every: int, *, scaled: bool) -> _Seen:
    if column.kind is ColumnKind.TEXT:
        return _Seen(column.kind, TextProfiler(column.name), TextProfiler(column.name), None)
    whole, fold = (NumberProfiler(column.name, column.kind, every=every) for _ in range(2))
    return _Seen(column.kind, whole, fold, Spread() if scaled else None)


def _look(seen: _Seen, column: Column, part: NDArray[np.uint8], places: NDArray[np.intp]) -> None:
    cells = column.cells if seen.kind is ColumnKind.TEXT else column.cells.astype(np.float64)
    seen.whole.add(cells[part != NONE])
    seen.fold.add(cells[part == TRAIN])
    if seen.spread:
        seen.spread.add(cells[part == TRAIN].astype(np.float64))
    seen.kept.append(column.take(places))
    seen.digest.update(cell_bytes(column))


def _joined(pieces: Sequence[Column]) -> Column:
    return Column(pieces[0].name, pieces[0].kind, np.concatenate([piece.cells for piece in pieces]))


def _digest(seen: dict[str, _Seen]) -> str:
    facts = [[name, str(one.kind), one.digest.hexdigest()] for name, one in seen.items()]
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()
