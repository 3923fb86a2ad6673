"""mlapi quickstart: from nothing to a service that answers; what `make run` runs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation
from mlapi.cli.local_key import with_key
from mlapi.cli.progress import TerminalProgress
from mlapi.cli.serve import free_port, run
from mlapi.cli.stores import open_local, open_registry

if TYPE_CHECKING:
    from mlapi.bundle.store.protocol import Store
    from mlapi.ops.settings import Settings

DATASET = "breast_cancer"
TRIALS = 5  # a short search


@click.command(cls=Command, epilog="Example: mlapi quickstart --port 8080")
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 8000]")
@click.option("--no-serve", is_flag=True, help="Prepare the model, and stop.")
@click.pass_obj
def quickstart(invocation: Invocation, /, no_serve: bool, **flags: object) -> None:
    """Train a first model where there is none, and serve it.

    The model is promoted, a key is kept in the state directory, and a request to try is printed. Run again, it serves
    what is there.
    """
    settings = _named(invocation.settings(**flags))
    if no_serve:
        prepare(settings)
        return
    settings = with_key(_listening(settings))
    if not _has(open_local(settings), settings):
        _prepare_in_child(settings)
    _print_banner(settings)
    run(settings)


def prepare(settings: Settings) -> None:
    """Bring the model to this machine; train and promote it first where the store has none in production."""
    from mlapi.cli import following

    store = open_registry(settings)
    if not _has(store, settings):
        _train_and_promote(store, settings)
    following.once(settings, store)


def _train_and_promote(store: Store, settings: Settings) -> None:
    from mlapi.cli.train import print_report
    from mlapi.training import pipeline
    from mlapi.training.promotion import ModelPromotion
    from mlapi.training.resolving import configuration

    assert settings.api.model_name is not None
    flags = {"dataset": DATASET, "trials": TRIALS, "name": settings.api.model_name}
    progress = TerminalProgress()
    try:
        result = pipeline.train(configuration(settings.training, flags), settings, progress)
    finally:
        progress.close()
    click.echo("\n".join(result.report.lines()))
    print_report(result)
    if result.version is None:
        raise click.ClickException("the store is away, so nothing could be promoted; run `mlapi sync` when it is back")
    moved = ModelPromotion(store).promote(
        result.model, result.version, to=settings.api.model_stage, reason="quickstart"
    )
    click.echo(f"{moved.name} version {moved.version} is now in {moved.alias}")


def _prepare_in_child(settings: Settings) -> None:
    """Prepare in a process of its own: what training imports would stay in the serving process for ever."""
    from mlapi.ops.settings import environment_of

    environ = os.environ | environment_of(settings, leave_out=("api.api_key", "api.api_keys"))
    status = subprocess.run(
        [sys.executable, "-m", "mlapi.cli.main", "quickstart", "--no-serve"], env=environ, check=False
    ).returncode
    if status != 0:
        sys.exit(status)  # the child has said why


def _has(store: Store, settings: Settings) -> bool:
    from mlapi.bundle.errors import ModelNotFound

    assert settings.api.model_name is not None
    try:
        store.resolve(settings.api.model_name, settings.api.model_stage)
    except ModelNotFound:
        return False
    return True


def _named(settings: Settings) -> Settings:
    return _with_api(settings, model_name=settings.api.model_name or DATASET)


def _listening(settings: Settings) -> Settings:
    return _with_api(settings, port=free_port(settings))


def _with_api(settings: Settings, **changes: object) -> Settings:
    return settings.replaced(api=settings.api.replaced(**changes))


def _print_banner(settings: Settings) -> None:
    from mlapi.cli.banner import banner

    for line in banner(settings):
        click.echo(line)
