"""Our own tree engine: a small C extension over the bundle's tables, or over the trees as they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Self

from mlapi.bundle.cores import share_rows
from mlapi.bundle.errors import EngineError
from mlapi.bundle.types import AnyFloats, Contributions, Matrix, as_array, floats

if TYPE_CHECKING:
    from mlapi.bundle._trees import Plain
    from mlapi.bundle.arrays import Arrays
    from mlapi.bundle.forest import Forest
    from mlapi.bundle.tables import Tables

SWITCH: Final = "MLAPI_TREE_ENGINE"  # for tests, and for operators in doubt
_OFF: Final = "libxgboost"
# Rows that are worth a thread of their own, which costs some 50 µs: their margins take 0.5 to 2 ms.
MARGIN_ROWS: Final = 1000


@cache
def extension() -> ModuleType | None:
    """Give the C extension; None where it was not built or is switched off."""
    if os.environ.get(SWITCH) == _OFF:
        return None
    try:
        from mlapi.bundle import _trees
    except ImportError:
        return None
    return _trees


def absence() -> str:
    """Say why there is no extension, for the log."""
    if os.environ.get(SWITCH) == _OFF:
        return f"{SWITCH}={_OFF}"
    return "the C extension is not built, so predicting is many times slower: docs/troubleshooting.md"


def covers(forest: Forest) -> bool:
    """Whether the engine is there and takes such a forest; it does not take dart's, whose trees have weights."""
    return extension() is not None and forest.booster == "gbtree"


def trim() -> None:
    """Give back what reading a model took for a while: some 80 bytes a node, which the C library would keep."""
    if (found := extension()) is not None:
        found.trim()


class NativeTrees:
    """The engine. It owns, or keeps alive, all that it reads."""

    def __init__(self, n_columns: int, n_groups: int, tables: Tables | None, read: Callable[[], Forest]) -> None:
        """Take tables, or else trees.

        Args:
            n_columns: of the matrices.
            n_groups: margins a row.
            tables: the trees, laid out for the walk, where there are any.
            read: gives the trees, which `check_structure` has passed, some 80 bytes a node; beside tables for the
                first contributions only.

        Raises:
            EngineError: an index in the tables is out of range, or they give another number of margins.
        """
        self.n_columns, self.n_groups, self._forest = n_columns, n_groups, read
        self.name = "native, node by node" if tables is None else "native"
        self._walk = self._plain.margin if tables is None else _padded(n_columns, n_groups, tables)

    @classmethod
    def of(cls, forest: Forest, tables: Tables | None) -> Self:
        """Take a forest, which is kept, and its tables where there are any."""
        return cls(forest.n_columns, forest.n_groups, tables, lambda: forest)

    def margin(self, matrix: AnyFloats) -> AnyFloats:
        """Give the margins of some rows, bit for bit those of `Booster.inplace_predict(predict_type="margin")`."""
        if type(matrix) is memoryview:
            n_rows = len(matrix)
            answer: Any = floats(n_rows, self.n_groups)
            if n_rows < 2 * MARGIN_ROWS:  # for a row, another call costs as much as twenty trees
                self._walk(matrix, answer)
            else:
                share_rows(self._walk, matrix, answer, MARGIN_ROWS)
        else:
            answer = self._arrays.margin(self._walk, as_array(matrix))
        return answer  # type: ignore[no-any-return]  # of the kind that was given; typing.cast would be a call

    def contributions(self, matrix: Matrix) -> Contributions:
        """Give the SHAP values of some rows, as `TreeEngine.contributions` describes them."""
        return self._arrays.contributions(self._plain.contributions, matrix)

    @cached_property
    def _arrays(self) -> Arrays:
        """The same for arrays; made when somebody first has one."""
        from mlapi.bundle.arrays import Arrays

        return Arrays(self.n_columns, self.n_groups)

    @cached_property
    def _plain(self) -> Plain:
        """The trees as they are; where tables give the margins, made when somebody first asks for contributions."""
        import numpy as np

        from mlapi.bundle._trees import Plain
        from mlapi.bundle.nodes import order_nodes

        nodes = order_nodes(self._forest())
        groups, roots = nodes.groups.astype(np.uint32), nodes.roots.astype(np.uint32)
        return Plain(nodes.n_columns, nodes.base, groups, roots, nodes.records(), nodes.words, nodes.shares)


def _padded(n_columns: int, n_groups: int, tables: Tables) -> Callable[[Any, Any], None]:
    from mlapi.bundle._trees import Padded

    if len(tables.base) != n_groups:
        raise EngineError("the engine's tables give another number of margins than the model")
    try:
        return Padded(n_columns, *tables).margin
    except ValueError as error:
        raise EngineError(f"the engine's tables cannot be walked: {error}") from error
