"""Our own tree engine: a small C extension over the bundle's tables, or over the trees as they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Final

import numpy as np

from mlapi.bundle.cores import share_rows
from mlapi.bundle.errors import EngineError
from mlapi.bundle.forest import Forest, read_forest
from mlapi.bundle.libxgboost import check_matrix
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.tables import Tables
from mlapi.bundle.types import Contributions, Margin, Matrix

if TYPE_CHECKING:
    from mlapi.bundle._trees import Plain

SWITCH: Final = "MLAPI_TREE_ENGINE"  # for tests, and for operators in doubt
_OFF: Final = "libxgboost"
# Rows that are worth a thread of their own, which costs some 50 µs: margins take 0.5 to 2 ms, contributions 10.
_MARGIN_ROWS: Final = 1000
_CONTRIBUTION_ROWS: Final = 10


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

    def __init__(self, forest: Forest, tables: Tables | None, model: bytes | memoryview | None = None) -> None:
        """Take a forest that `check_structure` has passed, and its tables where there are any.

        Args:
            forest: the trees, some 80 bytes a node. Beside tables only contributions need them.
            tables: the same, laid out for the walk.
            model: `model.ubj`; with it the forest is not kept, but read again for the first contributions.

        Raises:
            EngineError: an index in the tables is out of range, or they give another number of margins.
        """
        self.n_columns, self.n_groups = forest.n_columns, forest.n_groups
        self._forest: Callable[[], Forest] = lambda: forest
        self.name = "native, node by node" if tables is None else "native"
        self._walk = self._plain.margin if tables is None else _padded(forest, tables)
        if model is not None:
            self._forest = lambda: read_forest(bytes(model))

    def margin(self, matrix: Matrix) -> Margin:
        """Give the margins of some rows, bit for bit those of `Booster.inplace_predict(predict_type="margin")`."""
        check_matrix(matrix, self.n_columns)
        margin = np.empty((len(matrix), self.n_groups), np.float32)
        share_rows(self._walk, np.ascontiguousarray(matrix), margin, _MARGIN_ROWS)
        return margin

    def contributions(self, matrix: Matrix) -> Contributions:
        """Give the SHAP values of some rows, as `TreeEngine.contributions` describes them."""
        check_matrix(matrix, self.n_columns)
        answer = np.empty((len(matrix), self.n_groups, self.n_columns + 1))
        share_rows(self._plain.contributions, np.ascontiguousarray(matrix), answer, _CONTRIBUTION_ROWS)
        return answer

    @cached_property
    def _plain(self) -> Plain:
        """The trees as they are; where tables give the margins, made when somebody first asks for contributions."""
        from mlapi.bundle._trees import Plain

        nodes = order_nodes(self._forest())
        groups, roots = nodes.groups.astype(np.uint32), nodes.roots.astype(np.uint32)
        return Plain(nodes.n_columns, nodes.base, groups, roots, nodes.records(), nodes.words, nodes.shares)


def _padded(forest: Forest, tables: Tables) -> Callable[[Matrix, Margin], None]:
    from mlapi.bundle._trees import Padded

    if len(tables.base) != forest.n_groups:
        raise EngineError("the engine's tables give another number of margins than the model")
    try:
        return Padded(forest.n_columns, *tables).margin
    except ValueError as error:
        raise EngineError(f"the engine's tables cannot be walked: {error}") from error
