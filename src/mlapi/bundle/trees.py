"""From a matrix to margins: the engine that walks the trees."""

from __future__ import annotations

import logging
from typing import Protocol

from mlapi.bundle import native
from mlapi.bundle.forest import Forest
from mlapi.bundle.libxgboost import LibXGBoost
from mlapi.bundle.native import NativeTrees
from mlapi.bundle.structure import check_structure
from mlapi.bundle.tables import Tables
from mlapi.bundle.types import Contributions, Margin, Matrix

__all__ = ["LibXGBoost", "NativeTrees", "TreeEngine", "check_structure", "load_engine"]

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

    def margin(self, matrix: Matrix) -> Margin:
        """Give the margins of some rows; safe to call from several threads at once.

        Args:
            matrix: float32 of shape (n_rows, n_columns); NaN is missing.

        Returns:
            A new float32 array of shape (n_rows, n_groups).

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
    engine: TreeEngine = NativeTrees(forest, tables, model) if native.covers(forest) else LibXGBoost(bytes(model))
    why = "" if native.extension() else f" ({native.absence()})"
    log.info("tree engine %s: %d columns, %d groups%s", engine.name, engine.n_columns, engine.n_groups, why)
    return engine
