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
from typing import Any, Final, NamedTuple, TypeAlias

from mlapi.bundle import npy
from mlapi.bundle.errors import FormatError

FOLDER: Final = "engine"
Numbers: TypeAlias = Any  # an array where it is made, a view where it is read


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

    base: Numbers
    groups: Numbers
    depths: Numbers
    nodes: Numbers
    leaves: Numbers
    splits: Numbers
    numeric: Numbers
    categorical: Numbers
    strips: Numbers

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


# Of numbers, as `npy.read` takes it, and how many a record has; 0 for one axis.
_TYPES: Final[dict[str, tuple[npy.Kind, int]]] = {
    "base": ("f", 0),
    "groups": ("I", 0),
    "depths": ("B", 0),
    "nodes": ("I", 0),
    "leaves": ("f", 0),
    "splits": ("f", 0),
    "numeric": ("I", 4),
    "categorical": ("I", 5),
    "strips": ("B", 0),
}


def _read(files: Mapping[str, bytes | memoryview], name: str, kind: npy.Kind, columns: int) -> memoryview[Any]:
    path = f"{FOLDER}/{name}.npy"
    if path not in files:
        raise FormatError(path, "is missing")
    return npy.read(files[path], kind, columns, file=path)
