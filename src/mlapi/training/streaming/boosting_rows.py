"""The training rows of a large table on their way into XGBoost, piece by piece through the one encoder."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.encoder import Encoder
from mlapi.training.preparation import weights_of
from mlapi.training.progress import Progress, silent
from mlapi.training.streaming.parquet_rows import ParquetRows
from mlapi.training.streaming.parts import TRAIN
from mlapi.training.trainer import Fold

if TYPE_CHECKING:
    import xgboost

BINNED_BYTES: Final = 2 << 30  # of bins, one byte a cell; more are kept on the disk and read at every round


@dataclass(frozen=True)
class BoostingRows:
    """Those of `rows` whose `part` is train; `codes` are the classes, class weights as in `Prepared`.

    `codes`, `part` and the rows' own `weights` begin with row `offset` of the file.
    """

    rows: ParquetRows
    encoder: Encoder
    codes: NDArray[np.int32]
    part: NDArray[np.uint8]
    class_weights: NDArray[np.float64] | None = None
    progress: Progress = silent
    offset: int = 0
    weights: NDArray[np.float64] | None = None

    def folds(self, groups: Collection[int] | None = None) -> Iterator[Fold]:
        """Give them piece by piece, of some row groups or of all."""
        for piece in self.rows.pieces(groups):
            there = slice(piece.begin - self.offset, piece.end - self.offset)
            places = np.flatnonzero(self.part[there] == TRAIN)
            if len(places):
                table = {column.name: column.cells[places] for column in piece.columns}
                codes = self.codes[there][places]
                own = None if self.weights is None else self.weights[there][places]
                self.progress("sorting cells into bins (in percent)", 100 * piece.end // self.rows.n_rows, 100)
                yield Fold(self.encoder.encode_table(table).matrix, codes, weights_of(own, codes, self.class_weights))

    def quantized(self, column_types: list[str], max_bin: int, threads: int | None) -> xgboost.DMatrix:
        """Give them as XGBoost takes them; what is too large for memory is kept in temporary files."""
        import xgboost

        common: dict[str, Any] = {"max_bin": max_bin, "nthread": threads, "enable_categorical": True}
        if len(self.codes) * len(column_types) <= BINNED_BYTES:
            return xgboost.QuantileDMatrix(_iterator(self.folds, column_types), **common)
        folder = tempfile.TemporaryDirectory(prefix="mlapi-bins-")
        matrix = xgboost.ExtMemQuantileDMatrix(_iterator(self.folds, column_types, Path(folder.name, "bins")), **common)
        weakref.finalize(matrix, folder.cleanup)
        return matrix


def _iterator(
    folds: Callable[[], Iterator[Fold]], column_types: list[str], cache: Path | None = None
) -> xgboost.DataIter:
    """Make XGBoost's iterator, which goes through all pieces several times: for the bins' borders, and to fill them."""
    import xgboost

    class Pieces(xgboost.DataIter):
        def __init__(self) -> None:
            self._left: Iterator[Fold] = iter(())
            super().__init__(cache_prefix=None if cache is None else str(cache))

        def reset(self) -> None:
            self._left = folds()

        def next(self, input_data: Callable[..., None]) -> bool:
            fold = next(self._left, None)
            if fold is None:
                return False
            input_data(data=fold.matrix, label=fold.codes, weight=fold.weights, feature_types=column_types)
            return True

    return Pieces()
