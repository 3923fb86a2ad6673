"""Several worker processes behind one listening socket, and the follower beside them.

The parent binds, starts, watches and ends; it answers nothing and imports nothing that a worker needs. All workers
accept from the one socket, so that connections which wait there outlive any of them.
"""

import logging
import os
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from functools import partial
from types import FrameType
from typing import Final

from mlapi.app.core.config import ConfigManager
from mlapi.app.supervisor import Supervisor, spawn
from mlapi.app.utils.logging import LoggingUtils
from mlapi.bundle.quota import n_cores
from mlapi.ops.settings import KEY_SETTINGS, Settings, environment_of

BACKLOG: Final = 2048  # connections that wait for a worker; uvicorn's own number
TICK_S: Final = 0.1
END_S: Final = 15.0  # for the workers to end in: their grace, what is under way, and some more (server.py has both)

log = logging.getLogger(__name__)


class WorkerPool:
    """Workers and the follower, each started again when it ends, until a signal ends them all."""

    def __init__(
        self, listener: socket.socket, workers: Sequence[Supervisor], follower: Supervisor | None = None
    ) -> None:
        self._listener = listener
        self.workers = tuple(workers)
        self.follower = follower
        self._stopping: signal.Signals | None = None

    def stop(self, number: int, _frame: FrameType | None = None) -> None:
        """Begin to end, by the signal that the workers get too; a second one is handed on as well."""
        self._stopping = signal.Signals(number)
        for worker in self.workers:
            worker.ask(self._stopping)

    def run(self) -> None:
        """Watch until a signal, then wait for the workers and end what is left."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        while self._stopping is None:
            for child in (*self.workers, *([self.follower] if self.follower else ())):
                child.tick()
            time.sleep(TICK_S)
        self._end()

    def _end(self) -> None:
        self._listener.close()  # while it is open here, connections would wait that nobody takes any more
        deadline = time.monotonic() + END_S
        for worker in self.workers:
            worker.stop(max(0.0, deadline - time.monotonic()), by=self._stopping or signal.SIGTERM)
        if self.follower is not None:
            self.follower.stop()


def make_pool(
    settings: Settings,
    listener: socket.socket,
    *,
    worker: Sequence[str],
    follower: Sequence[str] | None,
    environ: Mapping[str, str] | None = None,
) -> WorkerPool:
    """Make the pool that the settings ask for.

    Args:
        settings: `api.workers` processes, 0 for one a core.
        listener: bound and listening.
        worker: command line of a worker; the number of the socket's descriptor is added as `--listen-fd`.
        follower: command line of the follower; None where another process fills the local directory.
        environ: of this process, if None.
    """
    given = os.environ if environ is None else environ
    inherited = {**given, **environment_of(settings)}
    start = partial(spawn, environ=inherited, descriptors=(listener.fileno(),))
    argv = [*worker, "--listen-fd", str(listener.fileno())]
    workers = [Supervisor(argv, start=start, name="worker") for _ in range(settings.api.workers or n_cores())]
    if follower is None:
        return WorkerPool(listener, workers)
    keyless = {name: value for name, value in inherited.items() if name not in KEY_SETTINGS}
    return WorkerPool(listener, workers, Supervisor(follower, start=partial(spawn, environ=keyless)))


def run(settings: Settings, *, worker: Sequence[str], follower: Sequence[str] | None = None) -> int:
    """Serve from several processes until a signal ends it; see `make_pool`.

    Returns:
        The exit code of the process.

    Raises:
        SettingsError: a file that the settings name cannot be read.
        OSError: the address cannot be listened on.
    """
    ConfigManager(settings).read_public_key()  # here a wrong setting is one line on the screen
    LoggingUtils.configure(settings.api.log_level)
    with listen(settings.api.host, settings.api.port) as listener:
        pool = make_pool(settings, listener, worker=worker, follower=follower)
        fields = {"event.action": "workers-start", "workers": len(pool.workers)}
        log.info("starting %d workers", len(pool.workers), extra={"fields": fields})
        pool.run()
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that the workers share; OSError if the address cannot be had."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
    return listener
