"""From a table to a registered version: read, split, encode, boost, evaluate, export, record, register.

`pipeline.train` is the whole path. Nothing here is imported by the service, and nothing here imports it; what training
hands over is a bundle, files only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlapi.training.operations import history as history
    from mlapi.training.operations import promote as promote
    from mlapi.training.operations import publish as publish
    from mlapi.training.operations import rollback as rollback

__all__ = ["history", "promote", "publish", "rollback"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mlapi.training import operations

    return getattr(operations, name)
