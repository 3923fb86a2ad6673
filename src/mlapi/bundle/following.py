"""The follower's process: one a directory, a step now and then, sooner when it is kicked, no longer than its parent."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from mlapi.bundle.breaker import CircuitBreaker
from mlapi.bundle.errors import StoreError
from mlapi.bundle.follow_state import FollowState
from mlapi.bundle.parent import Parent
from mlapi.bundle.wake import Wake

if TYPE_CHECKING:
    from mlapi.bundle.store.directory import DirectoryStore

INTERVAL_S: Final = 30.0
EMPTY_S: Final = 2.0  # between tries while there is nothing to serve at all
KICK_FILE: Final = "kick"  # below the local directory; touched by who wants the follower to look now
LOCK_FILE: Final = ".follower"

log = logging.getLogger(__name__)


class Steps(Protocol):
    """As much of a follower as is driven."""

    local: DirectoryStore

    @property
    def has_copy(self) -> bool:
        """Whether anything could be served."""
        ...

    def recheck(self) -> None:
        """Look at everything again with the next step."""
        ...

    def step(self) -> FollowState:
        """Look once."""
        ...


class Waits(Protocol):
    """As much of a `Wake` as is used."""

    def wait(self, seconds: float) -> bool:
        """Wait; give whether a kick ended it."""
        ...


def run(follower: Steps, *, interval_s: float = INTERVAL_S, kick: Path | None = None, with_parent: bool = True) -> None:
    """Follow until SIGTERM or SIGINT, or until the parent ends; to be called in the main thread.

    Args:
        follower: what to drive.
        interval_s: between two looks, seconds.
        kick: a file that wakes it when touched; `KICK_FILE` in the local directory if None. SIGHUP wakes it too.
        with_parent: end with the process that started this one.

    Raises:
        SystemExit: with 0, when it is over.
        StoreError: another follower has this directory; one that ends with its parent waits for its turn instead.
    """
    parent = Parent()
    if with_parent:
        parent.end_with_it(signal.SIGTERM)
    root = follower.local.root
    with (
        Wake(kick or root / KICK_FILE, orphaned=lambda: with_parent and parent.gone) as wake,
        only_follower(root, wake if with_parent else None),
    ):
        patrol(follower, wake, interval_s, CircuitBreaker())


def patrol(follower: Steps, wake: Waits, interval_s: float, breaker: CircuitBreaker) -> None:
    """Step and wait, for ever.

    Raises:
        SystemExit: from the wait.
    """
    while True:
        if follower.step().state == "unreachable":
            breaker.failed()
        else:
            breaker.succeeded()
        if wake.wait(pause_s(follower, interval_s, breaker)):
            follower.recheck()


def pause_s(follower: Steps, interval_s: float, breaker: CircuitBreaker) -> float:
    """Give how long to wait: with nothing to serve not long, with a store that keeps failing longer."""
    if not follower.has_copy:
        return min(EMPTY_S, interval_s)
    return max(interval_s, breaker.wait_s)


@contextmanager
def only_follower(root: Path, wake: Waits | None) -> Iterator[None]:
    """Be the one follower of a directory; its lock file holds the process id.

    Args:
        root: the local directory; made where it is missing.
        wake: to wait with while another one has it; None: do not wait.

    Raises:
        StoreError: there is another.
        OSError: the directory cannot be written.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = os.open(root / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _take(lock, root, wake)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def _take(lock: int, root: Path, wake: Waits | None) -> None:
    said = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
            if wake is None:
                raise StoreError(f"another follower (process {holder}) keeps {root}; end it first") from error
            if not said:
                log.warning("another follower (process %s) keeps %s; waiting for its end", holder, root)
            said = True
            wake.wait(EMPTY_S)
        else:
            return
