"""Rows shared between the cores that this process may use."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from mlapi.bundle.quota import own_cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

Rows: TypeAlias = "NDArray[Any] | memoryview[Any]"

# One batch at a time has the cores; one that comes meanwhile from another thread is walked by that thread alone.
_cores = Lock()


def share_rows(walk: Callable[[Any, Any], None], rows: Rows, answers: Rows, least: int) -> None:
    """Fill in the answers to some rows, on several threads where it is worth it.

    Args:
        walk: fills its second argument, one answer for each row of the first, and lets other threads run meanwhile.
        rows: one a row of the first axis.
        answers: as many.
        least: rows that are worth a thread.
    """
    if len(rows) < 2 * least or (n_parts := min(len(rows) // least, own_cores())) == 1 or not _cores.acquire(False):
        walk(rows, answers)
        return
    try:
        _walk_parts(walk, rows, answers, n_parts)
    finally:
        _cores.release()


def _walk_parts(walk: Callable[[Any, Any], None], rows: Rows, answers: Rows, n_parts: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    ends = [len(rows) * part // n_parts for part in range(n_parts + 1)]
    parts = [slice(*pair) for pair in pairwise(ends)]
    with ThreadPoolExecutor(n_parts) as pool:
        for done in [pool.submit(walk, rows[part], answers[part]) for part in parts]:
            done.result()
