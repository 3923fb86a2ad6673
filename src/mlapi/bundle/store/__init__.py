"""Stores of bundles, opened by address; each implementation is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlapi.bundle.errors import StoreError
from mlapi.bundle.store.protocol import Source, Store

if TYPE_CHECKING:
    from mlapi.bundle.store.s3.objects import Client

__all__ = ["open_source", "open_store"]


def open_store(
    address: str, *, state_dir: Path, tracking_uri: str | None = None, s3: Callable[[], Client] | None = None
) -> Store:
    """Open a store.

    Args:
        address: `mlflow`, `file:DIR` or `s3://bucket/prefix`.
        state_dir: what a DIR that is not absolute is relative to.
        tracking_uri: of MLflow; None: what MLFLOW_TRACKING_URI says, or MLflow's own default.
        s3: gives boto3's S3 client, on first use; None: one as boto3 itself is configured.

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
    if kind == "s3" and place.startswith("//") and place.strip("/"):
        from mlapi.bundle.store.s3 import S3Store
        from mlapi.bundle.store.s3.session import default_client

        bucket, _, prefix = place[2:].partition("/")
        return S3Store(s3 or default_client, bucket, prefix)
    raise StoreError(f"there is no store {address!r}; use mlflow, file:DIR or s3://bucket/prefix")


def open_source(
    address: str, *, state_dir: Path, tracking_uri: str | None = None, s3: Callable[[], Client] | None = None
) -> Source:
    """Open a store for a follower: MLflow, which may hang or crash, is asked through a process that has deadlines.

    Args:
        address: see `open_store`.
        state_dir: likewise.
        tracking_uri: likewise.
        s3: likewise.

    Raises:
        StoreError: the address is of no store that this build has.
    """
    store = open_store(address, state_dir=state_dir, tracking_uri=tracking_uri, s3=s3)
    if address != "mlflow":
        return store
    from mlapi.bundle.store.isolated import IsolatedStore

    return IsolatedStore(address, state_dir=state_dir, tracking_uri=tracking_uri)
