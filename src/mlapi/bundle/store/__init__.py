"""Stores of bundles, opened by address; each implementation is imported when it is asked for."""

from __future__ import annotations

from pathlib import Path

from mlapi.bundle.errors import StoreError
from mlapi.bundle.store.protocol import Source, Store

__all__ = ["open_source", "open_store"]


def open_store(address: str, *, state_dir: Path, tracking_uri: str | None = None) -> Store:
    """Open a store.

    Args:
        address: `mlflow`, or `file:DIR`.
        state_dir: what a DIR that is not absolute is relative to.
        tracking_uri: of MLflow; None: what MLFLOW_TRACKING_URI says, or MLflow's own default.

    Raises:
        StoreError: the address is of no store that this build has.
    """
    kind, _, place = address.partition(":")
    if address == "mlflow":
        from mlapi.bundle.store.mlflow import MlflowStore

        return MlflowStore(tracking_uri)
    if kind == "file" and place:
        from mlapi.bundle.store.directory import DirectoryStore

        return DirectoryStore(state_dir / place)
    if kind == "s3":
        raise StoreError("s3 stores are not available in this build; use file:DIR or mlflow")
    raise StoreError(f"there is no store {address!r}; use mlflow or file:DIR")


def open_source(address: str, *, state_dir: Path, tracking_uri: str | None = None) -> Source:
    """Open a store for a follower: what is beyond a network is asked through a process that has deadlines.

    Args:
        address: see `open_store`.
        state_dir: likewise.
        tracking_uri: likewise.

    Raises:
        StoreError: the address is of no store that this build has.
    """
    store = open_store(address, state_dir=state_dir, tracking_uri=tracking_uri)
    if address.startswith("file:"):
        return store
    from mlapi.bundle.store.isolated import IsolatedStore

    return IsolatedStore(address, state_dir=state_dir, tracking_uri=tracking_uri)
