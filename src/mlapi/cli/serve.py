"""mlapi serve: answer predictions over HTTP."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlapi.ops.settings import Settings

MLAPI = (sys.executable, "-m", "mlapi.cli.main")
FOLLOWER = (sys.executable, "-m", "mlapi.cli.follower")
WORKER = (*MLAPI, "serve")


@click.command(cls=Command, epilog="Example: MLAPI_API_KEYS=sha256:… mlapi serve --model-name adult --port 8080")
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 8000]")
@click.option("--model-name", metavar="MODEL", help="The model; needed where the store has more than one.")
@click.option("--store", metavar="ADDRESS", help="mlflow, file:DIR or s3://bucket/prefix.  [default: mlflow]")
@click.option("--workers", type=int, metavar="N", help="Worker processes; 0 for one a core.  [default: 1]")
@click.option("--listen-fd", type=int, hidden=True, help="Socket of the process that this one is a worker of.")
@click.pass_obj
def serve(invocation: Invocation, /, listen_fd: int | None, **flags: object) -> None:
    """Serve the model that an alias names. A promotion takes over by itself."""
    gc.disable()  # until the server listens: looking for garbage among what is imported is a tenth of the start
    try:
        start(invocation, listen_fd, flags)
    finally:
        gc.enable()


def start(invocation: Invocation, listen_fd: int | None, flags: Mapping[str, object]) -> None:
    """Serve as the settings and flags say; raises SettingsError, OSError."""
    from mlapi.ops.errors import SettingsError

    settings = invocation.settings(**flags)
    if not settings.has_keys:
        raise SettingsError("MLAPI_API_KEYS", "no API key is set, so nobody could call; `mlapi keys create` makes one")
    if listen_fd is not None:
        work(settings, listen_fd)
    free_port(settings)
    run(settings)


def run(settings: Settings) -> None:
    """Serve with the follower beside, and leave the process when it ends."""
    if settings.api.workers != 1:
        from mlapi.app import workers

        gc.enable()  # the parent of the workers is done with importing
        sys.exit(workers.run(settings, worker=WORKER, follower=FOLLOWER))
    from mlapi.app import server

    sys.exit(server.run(settings, follower=FOLLOWER))


def work(settings: Settings, listen_fd: int) -> NoReturn:
    """Serve from an inherited socket, as one of several, until the parent or a signal ends it."""
    from mlapi.bundle.parent import Parent
    from mlapi.bundle.quota import share_with

    Parent().end_with_it(signal.SIGTERM)
    share_with(settings.api.workers)
    from mlapi.app import server

    sys.exit(server.run(settings, listener=socket.socket(fileno=listen_fd)))


def free_port(settings: Settings) -> int:
    """Give the port to listen on, after a look whether it can be had; a free one where the setting is 0.

    Raises:
        OSError: the address is taken, or none of this machine's.
    """
    host, port = settings.api.host, settings.api.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # as uvicorn, so that TIME_WAIT is no obstacle
            listener.bind(address)
            return int(listener.getsockname()[1])
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise OSError(error.errno, f"{reason}; choose another with --port or --host", f"{host}:{port}") from error
