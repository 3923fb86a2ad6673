"""Small files that are there whole or not at all, and locks that die with their holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mlapi.bundle.atomic import sync


def replace_file(path: Path, content: bytes) -> None:
    """Make or replace a file; a reader, or a kill at any instant, finds the old one or the new one.

    The caller holds a lock that all writers of this path take: the temporary name beside it is always the same one, so
    that a killed writer's is overwritten by the next instead of lying about.

    Raises:
        OSError: the disk's own reasons.
    """
    staging = path.with_name(f".{path.name}.new")
    with staging.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    staging.replace(path)
    sync(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock (flock), made where it is missing; the system lets go of it when the process ends, however."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def moment(time_s: float) -> str:
    """Give an instant (seconds since 1970) as RFC 3339 in UTC, to the second: `2026-01-31T09:30:00Z`."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> str:
    """Give this instant likewise."""
    return moment(time.time())
