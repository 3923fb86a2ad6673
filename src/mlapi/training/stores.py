"""The stores that training works on, opened as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlapi.bundle.store import open_store
from mlapi.ops.aws import AWSClients
from mlapi.training.tracking_server import TrackingServer

if TYPE_CHECKING:
    from mlapi.bundle.store.protocol import Store
    from mlapi.ops.settings import Settings


def open_at(settings: Settings, address: str | None = None) -> Store:
    """Open a store, with the settings' state directory, tracking server, region and role.

    Args:
        settings: of this process.
        address: the store; the settings' own if None.

    Raises:
        StoreError: the address is no store.
    """
    uri, s3 = settings.mlflow.tracking_uri, AWSClients.from_settings(settings).s3
    return open_store(address or settings.store, state_dir=settings.state_dir, tracking_uri=uri, s3=s3)


def is_far(settings: Settings) -> bool:
    """Tell whether the store, or the server that knows the run, is behind a network and may be away for a while."""
    return settings.store.startswith("s3://") or TrackingServer(settings.mlflow).far
