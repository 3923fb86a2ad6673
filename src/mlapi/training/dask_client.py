"""A client of a Dask cluster: of a scheduler that is there, or of workers started on this machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from mlapi.training.errors import ConfigError


@contextmanager
def dask_client(scheduler: str | None = None, **cluster: Any) -> Iterator[Any]:
    """Have a client.

    Args:
        scheduler: its address, such as `tcp://10.0.0.5:8786`; a cluster on this machine if None.
        cluster: arguments of `distributed.LocalCluster`.

    Raises:
        ConfigError: Dask is not installed, or the scheduler does not answer.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ConfigError("--engine", "dask is not installed: pip install 'ml-api-platform[dask]'") from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it tells of every worker that comes and goes
    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    local = {"threads_per_worker": 1, **quiet} | cluster
    with ExitStack() as stack:
        try:
            place = scheduler or stack.enter_context(LocalCluster(**local))  # type: ignore[no-untyped-call] # no stubs
            client = stack.enter_context(Client(place, timeout=20))  # type: ignore[no-untyped-call] # no stubs
        except (OSError, ValueError) as error:
            raise ConfigError("--scheduler", f"{scheduler or 'a cluster on this machine'} does not answer") from error
        yield client
