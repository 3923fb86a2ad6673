"""Bundles that have been refused, so that they are not downloaded at every look."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from mlapi.bundle.errors import VerificationError

FIRST_S: Final = 60.0  # until a refused bundle is tried again; doubled with every further refusal
LONGEST_S: Final = 3600.0
_KEPT: Final = 100


class Refusals:
    """What was refused and when it may be tried again, by manifest; forgotten when the process ends.

    A bundle does not get better by waiting, but what reads it may: a repaired artifact, a disk with room again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a clock: seconds, monotonic."""
        self._clock = clock
        self._found: dict[str, tuple[VerificationError, float, float]] = {}

    def raise_if_recent(self, manifest_sha256: str) -> None:
        """Refuse again what was refused not long ago.

        Raises:
            VerificationError: the reason of that time.
        """
        error, _, until = self._found.get(manifest_sha256, (None, 0.0, 0.0))
        if error is not None and self._clock() < until:
            raise error

    def add(self, manifest_sha256: str, error: VerificationError) -> None:
        """Remember a refusal."""
        _, last_s, _ = self._found.pop(manifest_sha256, (error, FIRST_S / 2, 0.0))
        wait_s = min(2 * last_s, LONGEST_S)
        self._found[manifest_sha256] = (error, wait_s, self._clock() + wait_s)
        if len(self._found) > _KEPT:
            del self._found[next(iter(self._found))]

    def forget(self) -> None:
        """Try everything again."""
        self._found.clear()
