"""What training hands to serving: files that say everything about a model, and the code that reads them.

`load` opens a bundle and runs every check first. Both names are looked up on use, so that `mlapi.bundle.errors` and the
like can be imported without loading NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlapi.bundle.model import Bundle as Bundle
    from mlapi.bundle.model import load as load

__all__ = ["Bundle", "load"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mlapi.bundle import model

    return getattr(model, name)
