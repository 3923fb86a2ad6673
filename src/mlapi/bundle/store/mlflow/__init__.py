"""A store in an MLflow model registry. Every import of mlflow itself stands in this package, inside functions."""

from __future__ import annotations

from mlapi.bundle.store.mlflow.store import MlflowStore

__all__ = ["MlflowStore"]
