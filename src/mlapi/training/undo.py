"""What the moves of an alias add up to."""

from __future__ import annotations

from collections.abc import Sequence

from mlapi.bundle.store.protocol import Promotion


def undo_stack(history: Sequence[Promotion]) -> list[str]:
    """Give the versions that an alias can be taken back through, the present one last.

    A promotion puts its version on top (promoting the present one again changes nothing), a rollback takes the top off.
    A move by other means that only looks like a rollback is a promotion: the present version must end up last.
    """
    trail: list[str] = []
    for move in history:
        if move.action == "rollback" and trail[-2:-1] == [move.version]:
            trail.pop()
        elif not trail or trail[-1] != move.version:
            trail.append(move.version)
    return trail
