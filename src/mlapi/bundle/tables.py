"""The tables of the branch-free engine (`engine/…`): complete trees over quantised cells.

A row is first turned into bytes, its cells: a number into its bin among the values at which some tree splits that
column, two bytes, in two copies, one for nodes that send missing left and one for those that send it right; a category
into a strip of zeros and ones, one for each distinct (set of codes, side of missing) that some node tests. A node is
then one word, slot << 16 | bin, and a row goes right where the two bytes at that slot are at least the bin; a node
that tests a set looks at its cell as the upper of two bytes, with the bin 256. Every tree is padded to a complete one,
so that the way down takes no branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle import npy
from mlapi.bundle.errors import FormatError

FOLDER: Final = "engine"


class Tables(NamedTuple):
    """What the extension's `Padded` takes, in its order; each is a file `engine/<name>.npy`.

    Attributes:
        base: (n_groups,) what each margin begins with.
        groups: (n_trees,) the margin that each tree adds to.
        depths: (n_blocks,) of each eight trees.
        nodes: tree by tree 2^depth words in heap order from 1, the first unused.
        leaves: tree by tree 2^depth values.
        splits: column by column, ascending.
        numeric: (n, 4) column, first split value, number of split values, slot of the first of four cells.
        categorical: (n, 5) column, start in strips, number of codes, slot of the first cell, number of cells.
        strips: for each categorical column the cells of each code, of any other number, and of a missing cell.
    """

    base: NDArray[np.float32]
    groups: NDArray[np.uint32]
    depths: NDArray[np.uint8]
    nodes: NDArray[np.uint32]
    leaves: NDArray[np.float32]
    splits: NDArray[np.float32]
    numeric: NDArray[np.uint32]
    categorical: NDArray[np.uint32]
    strips: NDArray[np.uint8]

    def to_files(self) -> dict[str, bytes]:
        """Give the files by their paths in the bundle."""
        return {f"{FOLDER}/{name}.npy": npy.write(array) for name, array in self._asdict().items()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes | memoryview]) -> Tables | None:
        """Read the tables of a bundle; None where it has none. The extension checks what the numbers mean.

        Raises:
            FormatError: a file is missing or is no such array.
        """
        if f"{FOLDER}/nodes.npy" not in files:
            return None
        return cls(*(_read(files, name, *_TYPES[name]) for name in cls._fields))


_TYPES: Final[dict[str, tuple[type[np.generic], int]]] = {
    "base": (np.float32, 0),
    "groups": (np.uint32, 0),
    "depths": (np.uint8, 0),
    "nodes": (np.uint32, 0),
    "leaves": (np.float32, 0),
    "splits": (np.float32, 0),
    "numeric": (np.uint32, 4),
    "categorical": (np.uint32, 5),
    "strips": (np.uint8, 0),
}


def _read(files: Mapping[str, bytes | memoryview], name: str, dtype: type[np.generic], columns: int) -> NDArray[Any]:
    path = f"{FOLDER}/{name}.npy"
    if path not in files:
        raise FormatError(path, "is missing")
    return npy.read(files[path], dtype, columns, file=path)
