"""Chance for waits, so that many who wait do not come back in one beat."""

from __future__ import annotations

import os


def uniform(low: float, high: float) -> float:
    """Give a number between two bounds, from the system's source; `random` would be a third of a megabyte more."""
    return low + (high - low) * int.from_bytes(os.urandom(7), "big") / 2**56
