"""From a matrix to margins: the engine that walks the trees."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from mlapi.bundle import native
from mlapi.bundle.native import NativeTrees
from mlapi.bundle.types import AnyFloats, Contributions, Matrix

if TYPE_CHECKING:
    from mlapi.bundle.forest import Forest
    from mlapi.bundle.tables import Tables

log = logging.getLogger(__name__)


class TreeEngine(Protocol):
    """Anything that gives a booster's margins and what they are made of."""

    @property
    def n_columns(self) -> int:
        """Columns of the matrices that it takes."""
        ...

    @property
    def n_groups(self) -> int:
        """Margins a row: 1 for two classes, otherwise one for each class."""
        ...

    @property
    def name(self) -> str:
        """For logs and `/models/current`."""
        ...

    def margin(self, matrix: AnyFloats) -> AnyFloats:
        """Give the margins of some rows; safe to call from several threads at once.

        Args:
            matrix: float32 of shape (n_rows, n_columns); NaN is missing. A view has one row at least.

        Returns:
            A new array, or view, of float32 of shape (n_rows, n_groups).

        Raises:
            EngineError: a matrix of another shape or dtype.
        """
        ...

    def contributions(self, matrix: Matrix) -> Contributions:
        """Give the SHAP values of some rows; safe to call from several threads at once.

        Exact and path-dependent (Lundberg, Erion and Lee 2018, "Consistent Individualized Feature Attribution for Tree
        Ensembles", algorithm 2). A row costs some fifty times its margin or more: the caller bounds the rows.

        Args:
            matrix: float32 of shape (n_rows, n_columns); NaN is missing.

        Returns:
            A new float64 array of shape (n_rows, n_groups, n_columns + 1); the last is the base value.

        Raises:
            EngineError: a matrix of another shape or dtype.
        """
        ...


def load_engine(model: bytes | memoryview, forest: Forest, tables: Tables | None = None) -> TreeEngine:
    """Give the fastest engine that takes a model and say in the log which one it is.

    Args:
        model: `model.ubj`.
        forest: the same, as we read it and `check_structure` has passed it.
        tables: the same, laid out for our own engine, where the bundle has that.

    Raises:
        EngineError: no engine takes it.
    """
    if native.covers(forest):
        read = (lambda: forest) if tables is None else partial(_read, model)  # beside tables it is not kept
        return _told(NativeTrees(forest.n_columns, forest.n_groups, tables, read))
    from mlapi.bundle.libxgboost import LibXGBoost

    return _told(LibXGBoost(bytes(model)))


def load_tables(model: bytes | memoryview, tables: Tables, *, n_groups: int, n_categories: Sequence[int]) -> TreeEngine:
    """Give our own engine for tables alone, and say so in the log.

    Args:
        model: `model.ubj`, which nobody has looked at: it is read and checked for the first contributions.
        tables: the same, laid out for the engine.
        n_groups: margins a row that the decision takes.
        n_categories: for each column the number of category codes, 0 for one that is numeric.

    Raises:
        EngineError: an index in the tables is out of range, or they give another number of margins.
    """

    def read() -> Forest:
        from mlapi.bundle.structure import check_structure

        return check_structure(bytes(model), len(n_categories), n_groups, n_categories)

    return _told(NativeTrees(len(n_categories), n_groups, tables, read))


def _read(model: bytes | memoryview) -> Forest:
    from mlapi.bundle.forest import read_forest

    return read_forest(bytes(model))


def _told(engine: TreeEngine) -> TreeEngine:
    why = "" if native.extension() else f" ({native.absence()})"
    log.info("tree engine %s: %d columns, %d groups%s", engine.name, engine.n_columns, engine.n_groups, why)
    return engine
