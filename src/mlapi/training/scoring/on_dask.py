"""Pieces of a file scored on Dask's workers, in their order, with a bounded number of them on the way."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlapi.bundle.archive import pack, read_directory, unpack, write_directory
from mlapi.bundle.model import Bundle, load
from mlapi.training.dask_client import dask_client
from mlapi.training.scoring.piece_scorer import Scored, score_piece

ON_THE_WAY = 2  # pieces for each thread of the cluster: one that is scored, one that waits


@contextmanager
def on_dask(
    model: Bundle, scheduler: str | None = None, **cluster: Any
) -> Iterator[Callable[[Iterable[pa.Table]], Iterable[Scored]]]:
    """Have what scores pieces on a cluster; the workers get the bundle, and need mlapi but neither store nor file.

    Args:
        model: whose directory still exists.
        scheduler: its address, such as `tcp://10.0.0.5:8786`; a cluster on this machine if None.
        cluster: arguments of `distributed.LocalCluster`.

    Raises:
        ConfigError: Dask is not installed, or the scheduler does not answer.
    """
    with dask_client(scheduler, **cluster) as client:
        yield lambda pieces: _in_order(client, pack(read_directory(model.path)), pieces)


def _in_order(client: Any, bundle: bytes, pieces: Iterable[pa.Table]) -> Iterator[Scored]:
    [there] = client.scatter([bundle], broadcast=True)
    most = ON_THE_WAY * max(1, sum(client.nthreads().values()))
    waiting: deque[Any] = deque()
    for piece in pieces:
        waiting.append(client.submit(_score, there, piece, pure=False))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _score(bundle: bytes, piece: pa.Table) -> Scored:
    return score_piece(_opened(bundle), piece)


@lru_cache(maxsize=1)
def _opened(bundle: bytes) -> Bundle:
    with tempfile.TemporaryDirectory() as folder:
        write_directory(Path(folder, "bundle"), unpack(bundle))
        return load(Path(folder, "bundle"))
