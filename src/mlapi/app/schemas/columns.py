"""From decoded JSON cells, column by column, to the arrays that the encoder takes.

Both fast decoders end here. Whatever is doubtful raises `Doubt`, and the complete way decides.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.moment_columns import read_all
from mlapi.bundle.schema import Feature, FeatureKind
from mlapi.bundle.types import Cells, Table


class Doubt(Exception):
    """The fast way cannot vouch for this body."""


class Absent:
    """Type of `ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


TEXTS: Final = (FeatureKind.CATEGORICAL, FeatureKind.DATETIME)  # kinds whose cells are texts in JSON
ABSENT: Final = Absent()  # a key that the row does not have, while None is an explicit null


def cell_type(feature: Feature) -> type:
    """The Python type that msgspec decodes a feature's JSON cells to; integers come as float, so that 3.0 is one."""
    if feature.kind in TEXTS:
        return str
    return bool if feature.kind is FeatureKind.BOOLEAN else float


class Columns:
    """Makes tables of some features; all numbers go through one array, since a call costs more than a cell."""

    def __init__(self, features: Sequence[Feature]) -> None:
        numbers = [place for place, one in enumerate(features) if one.kind not in TEXTS]
        texts = [place for place, one in enumerate(features) if one.kind is FeatureKind.CATEGORICAL]
        moments = [place for place, one in enumerate(features) if one.kind is FeatureKind.DATETIME]
        whole = [row for row, place in enumerate(numbers) if features[place].kind is FeatureKind.INTEGER]
        self._numbers, self._texts, self._moments = numbers, texts, moments
        self._whole = np.array(whole, dtype=np.intp)
        self._nullable = [place for place, one in enumerate(features) if one.nullable]
        self._names = [features[place].name for place in (*numbers, *texts, *moments)]

    def table(self, cells: list[Sequence[object]]) -> tuple[Table, int]:
        """Make a table.

        Args:
            cells: for each feature n_rows cells of the type of `cell_type`, for a nullable one also None and ABSENT.

        Returns:
            The table (float64 with NaN for missing, or objects with None), and how many cells were absent.

        Raises:
            Doubt: a fraction in an integer feature, or a text that is no date in a datetime feature.
        """
        n_absent = sum(self._without_absent(cells, place) for place in self._nullable)
        arrays: list[Cells] = []
        if self._numbers:
            arrays.extend(self._number_arrays([cells[place] for place in self._numbers]))
        if self._texts:
            arrays.extend(_text_arrays([cells[place] for place in self._texts]))
        arrays.extend(map(_seconds, (cells[place] for place in self._moments)))
        return dict(zip(self._names, arrays, strict=True)), n_absent

    def _number_arrays(self, cells: Sequence[Sequence[Any]]) -> NDArray[np.float64]:
        block = np.array(cells, dtype=np.float64)  # None becomes NaN, booleans 0.0 and 1.0
        whole = block[self._whole]
        if bool((np.floor(whole) < whole).any()):  # NaN is not less than itself
            raise Doubt
        return block

    @staticmethod
    def _without_absent(cells: list[Sequence[object]], place: int) -> int:
        """Put None for ABSENT in one column, and tell how often it stood there."""
        n_absent = cells[place].count(ABSENT)
        if n_absent:
            cells[place] = [None if cell is ABSENT else cell for cell in cells[place]]
        return n_absent


def _seconds(cells: Sequence[Any]) -> NDArray[np.float64]:
    try:
        return read_all(cells)
    except ValueError:
        raise Doubt from None


def _text_arrays(cells: Sequence[Sequence[object]]) -> NDArray[np.object_]:
    block = np.empty((len(cells), len(cells[0])), dtype=np.object_)
    block[:] = cells
    return block
