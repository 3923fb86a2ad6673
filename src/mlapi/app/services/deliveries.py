"""Signed deliveries of the registry's webhook: genuine, fresh, and each of them once.

MLflow signs `id.timestamp.body` with HMAC-SHA256 and sends `v1,<base64>` (mlflow/webhooks/delivery.py; the form is that
of Standard Webhooks).
"""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from mlapi.app.core.errors import Unauthorized

WINDOW_S: Final = 300.0  # how far a delivery's clock may be from ours; older ones are replays
SCHEME: Final = b"v1,"


class Delivery(NamedTuple):
    """What came, from headers and body; empty where a header is missing."""

    id: bytes
    timestamp: bytes  # whole seconds since 1970
    signature: bytes
    body: bytes


class Deliveries:
    """Knows the secret and, in a directory that all workers share, the deliveries that came lately."""

    def __init__(self, secret: bytes | None, folder: Path, clock: Callable[[], float] = time.time) -> None:
        """Take what deliveries are checked by.

        Args:
            secret: that the registry signs with; None refuses every delivery.
            folder: for one empty file a delivery.
            clock: seconds since 1970.
        """
        self._secret = secret
        self._folder = folder
        self._clock = clock

    def accept(self, delivery: Delivery) -> None:
        """Take a delivery.

        Raises:
            Unauthorized: it is not genuine, not fresh, or came before.
            OSError: the directory cannot be written.
        """
        if self._secret is None or not self._is_genuine(delivery) or not self._is_fresh(delivery):
            raise Unauthorized
        self._forget_old()
        mark = self._folder / hashlib.sha256(delivery.id).hexdigest()
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            raise Unauthorized from None
        os.utime(mark, (self._clock(), self._clock()))

    def _is_genuine(self, delivery: Delivery) -> bool:
        signed = b".".join((delivery.id, delivery.timestamp, delivery.body))
        expected = base64.b64encode(hmac.new(self._secret or b"", signed, hashlib.sha256).digest())
        given = [one.removeprefix(SCHEME) for one in delivery.signature.split() if one.startswith(SCHEME)]
        return any(hmac.compare_digest(one, expected) for one in given)

    def _is_fresh(self, delivery: Delivery) -> bool:
        digits = delivery.timestamp
        return digits.isdigit() and len(digits) < 20 and abs(self._clock() - int(digits)) <= WINDOW_S

    def _forget_old(self) -> None:
        """Remove marks whose deliveries would no longer be fresh."""
        with suppress(OSError):
            for mark in self._folder.iterdir():
                if mark.stat().st_mtime < self._clock() - 2 * WINDOW_S:
                    mark.unlink(missing_ok=True)
