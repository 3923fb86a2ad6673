"""From decoded JSON cells, column by column, to the arrays that the encoder takes.

Both fast decoders end here. Whatever is doubtful raises `Doubt`, and the complete way decides.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from mlapi.bundle.schema import Feature, FeatureKind
from mlapi.bundle.types import Cells

KINDS: Final = {FeatureKind.NUMERIC: float, FeatureKind.INTEGER: float, FeatureKind.BOOLEAN: bool}


class Doubt(Exception):
    """The fast way cannot vouch for this body."""


class Absent:
    """Type of `ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()  # a key that the row does not have, while None is an explicit null


def cell_type(feature: Feature) -> type:
    """The Python type that msgspec decodes a feature's JSON cells to; integers come as float, so that 3.0 is one."""
    return KINDS.get(feature.kind, str)


def fill(feature: Feature, cells: Sequence[object]) -> tuple[Cells, int]:
    """Make the array of one feature.

    Args:
        feature: whose cells these are.
        cells: one a row, of the type of `cell_type`; where the feature is nullable also None and ABSENT.

    Returns:
        The array (float64 with NaN for missing, or objects with None), and how many cells were absent.

    Raises:
        Doubt: a fraction in an integer feature.
    """
    absent = cells.count(ABSENT) if feature.nullable else 0
    if absent:
        cells = [None if cell is ABSENT else cell for cell in cells]
    if feature.kind is FeatureKind.CATEGORICAL:
        return _objects(cells), absent
    numbers = np.array(cells, dtype=np.float64)
    if feature.kind is FeatureKind.INTEGER and bool((np.floor(numbers) < numbers).any()):
        raise Doubt
    return numbers, absent


def _objects(cells: Sequence[object]) -> Cells:
    array = np.empty(len(cells), dtype=np.object_)
    array[:] = cells
    return array
