"""The service as a process: uvicorn, and the follower beside it."""

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import FrameType

import uvicorn

from mlapi.app.api.protocol import Protocol, close_late
from mlapi.app.core.config import ConfigManager
from mlapi.app.main import create_app
from mlapi.app.services.model_service import ModelService
from mlapi.app.supervisor import Supervisor, spawn
from mlapi.app.utils.logging import LoggingUtils
from mlapi.ops.settings import KEY_SETTINGS, Settings, environment_of
from mlapi.ops.worker_files import run_folder

GRACE_S = 2.0  # between the signal to end and the end of listening, so that balancers see readiness go first
LOOKS_EVERY = 5  # ticks, of which there are ten a second
DRAIN_S = 10  # for requests under way after that


class Server(uvicorn.Server):
    """uvicorn that looks after the follower, and that says it is going before it goes.

    On SIGTERM readiness turns to 503 and every answer closes its connection, while requests are answered for the grace
    period; then uvicorn stops listening and waits for what is under way. SIGINT, the key of a person, skips the grace.
    """

    def __init__(
        self, config: uvicorn.Config, *, supervisor: Supervisor | None = None, grace_s: float = GRACE_S
    ) -> None:
        super().__init__(config)
        self.supervisor = supervisor
        self._grace_s = grace_s
        self._stop_at: float | None = None
        self._models: ModelService | None = None

    def attach(self, models: ModelService) -> None:
        """Learn whom to tell that the server drains."""
        self._models = models

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal ends it; meanwhile lines of the log may wait for each other."""
        LoggingUtils.hold(asyncio.get_running_loop())
        try:
            await super().serve(sockets)
        finally:
            LoggingUtils.hold(None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; whoever starts a process may have put off looking for garbage until then."""
        await super().startup(sockets)
        if not gc.isenabled():
            gc.freeze()  # what the start has made stays: to look through all of it would hold requests up by 30 ms
            gc.enable()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to go; a second signal shortens the grace, a second SIGINT does not wait for requests either.

        Signals are not raised again after the end, as uvicorn would: the process ends by itself, with code 0.
        """
        again = self._stop_at is not None
        self.force_exit = again and sig == signal.SIGINT
        patient = sig == signal.SIGTERM and not again
        self._stop_at = time.monotonic() + (self._grace_s if patient else 0.0)
        if self._models is not None:
            self._models.draining = True

    async def on_tick(self, counter: int) -> bool:
        """What happens ten times a second; gives whether to stop."""
        if self.supervisor is not None:
            self.supervisor.tick()
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        if counter % LOOKS_EVERY == 0:
            close_late(self.server_state.connections, time.monotonic())
        return await super().on_tick(counter)


def make_server(
    settings: Settings,
    *,
    follower: Sequence[str] | None = None,
    grace_s: float = GRACE_S,
    metrics_folder: Path | None = None,
) -> Server:
    """Make the server that `run` runs.

    Args:
        settings: of the service.
        follower: command line of the follower process; None where another process fills the local directory.
        grace_s: see `Server`.
        metrics_folder: where all workers count together; None counts in memory.
    """
    api = settings.api
    config = uvicorn.Config(
        create_app(
            settings,
            on_start=lambda models: server.attach(models),  # noqa: PLW0108  # there is no server yet
            metrics_folder=metrics_folder,
        ),
        host=api.host,
        port=api.port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,  # the records go through our own handler
        access_log=False,  # the gate writes the line of each request
        server_header=False,
        ssl_certfile=api.tls_cert,
        ssl_keyfile=api.tls_key,
        proxy_headers=False,  # uvicorn would trust 127.0.0.1
        timeout_keep_alive=api.keep_alive_s,
        timeout_graceful_shutdown=DRAIN_S,
    )
    start = partial(spawn, environ=follower_environ(settings, os.environ))
    server = Server(config, supervisor=Supervisor(follower, start=start) if follower else None, grace_s=grace_s)
    return server


def follower_environ(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the follower: this process's with the same settings, but no API key; it needs none."""
    both = {**environ, **environment_of(settings)}
    return {name: value for name, value in both.items() if name not in KEY_SETTINGS}


def run(settings: Settings, *, follower: Sequence[str] | None = None, listener: socket.socket | None = None) -> int:
    """Serve until a signal ends it; see `make_server`.

    Args:
        settings: of the service.
        follower: see `make_server`.
        listener: the socket to accept from, where a parent shares one; the settings' address otherwise.

    Returns:
        The exit code of the process: 0, or 1 if it could not start.

    Raises:
        SettingsError: a file that the settings name cannot be read.
    """
    ConfigManager(settings).read_public_key()  # here a wrong setting is one line on the screen
    LoggingUtils.configure(settings.api.log_level)
    owner = os.getpid() if listener is None else os.getppid()  # of the run: the parent that all workers share
    server = make_server(settings, follower=follower, metrics_folder=run_folder(settings.state_dir, owner))
    try:
        server.run([listener] if listener else None)
    except SystemExit:  # uvicorn has logged why it could not start
        return 1
    finally:
        if server.supervisor is not None:
            server.supervisor.stop()
    return 0
