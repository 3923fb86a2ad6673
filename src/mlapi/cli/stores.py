"""The stores that commands work on, opened as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlapi.bundle.store.directory import DirectoryStore
    from mlapi.bundle.store.protocol import Store
    from mlapi.ops.settings import Settings


class Models(Protocol):
    """As much of a store as is asked for its models."""

    @property
    def description(self) -> str:
        """What and where it is."""
        ...

    def models(self) -> list[str]:
        """Give the names."""
        ...


def open_registry(settings: Settings) -> Store:
    """Open the store that says which version is in production.

    Raises:
        StoreError: the address is no store, or none that this build has.
    """
    return open_at(settings, settings.store)


def open_at(settings: Settings, address: str) -> Store:
    """Open any store, with the settings' state directory, tracking server, region and role.

    Raises:
        StoreError: the address is no store.
    """
    from mlapi.bundle.store import open_store
    from mlapi.ops.aws import AWSClients

    uri, s3 = settings.mlflow.tracking_uri, AWSClients.from_settings(settings).s3
    return open_store(address, state_dir=settings.state_dir, tracking_uri=uri, s3=s3)


def open_local(settings: Settings) -> DirectoryStore:
    """Open this machine's last-good copies, which the follower writes."""
    from mlapi.bundle.store.directory import DirectoryStore

    return DirectoryStore(settings.serving_dir)


def public_key(settings: Settings) -> bytes | None:
    """Read the key that bundles must be signed with, None where none is set.

    Raises:
        OSError: the file cannot be read.
    """
    file = settings.security.public_key_file
    return None if file is None else file.read_bytes()


def only_model(store: Models) -> str:
    """Give the one model of a store.

    Raises:
        SettingsError: there is none, or more than one.
    """
    from mlapi.ops.errors import SettingsError

    models = store.models()
    if len(models) == 1:
        return models[0]
    found = f"several models ({', '.join(sorted(models)[:5])})" if models else "no model yet: run `mlapi train` first"
    raise SettingsError("MLAPI_MODEL_NAME", f"say which model; {store.description} has {found}")
