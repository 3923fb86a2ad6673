"""From a table to a registered version: read, split, encode, boost, evaluate, export, record, register.

`train` is the whole path. Nothing here is imported by the service, and nothing here imports it; what training hands
over is a bundle, files only. Names are looked up on use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlapi.training.from_python import train as train
    from mlapi.training.operations import history as history
    from mlapi.training.operations import promote as promote
    from mlapi.training.operations import publish as publish
    from mlapi.training.operations import rollback as rollback
    from mlapi.training.pipeline import TrainingResult as TrainingResult

_PLACES = {
    "TrainingResult": "pipeline",
    "history": "operations",
    "promote": "operations",
    "publish": "operations",
    "rollback": "operations",
    "train": "from_python",
}

__all__ = ["TrainingResult", "history", "promote", "publish", "rollback", "train"]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
