"""The follower as the command line runs it: from settings, once or for ever, events into the log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from mlapi.cli.stores import only_model, open_local, open_registry, public_key
from mlapi.ops.notify import Event, LogNotifier, Severity

if TYPE_CHECKING:
    from mlapi.bundle.follow import Follower, FollowEvent
    from mlapi.bundle.store.isolated import IsolatedStore
    from mlapi.bundle.store.protocol import Source, Store
    from mlapi.ops.settings import Settings

SEVERITIES = {"adopted": Severity.INFO, "recovered": Severity.INFO, "unreachable": Severity.WARNING}


def follower(settings: Settings, source: Source, name: str, *, notify: Callable[[FollowEvent], None]) -> Follower:
    """Make the follower of one model's alias.

    Args:
        settings: of the alias, of the local directory and of the key.
        source: where the alias is.
        name: the model's.
        notify: hears of changes.

    Raises:
        OSError: the key that bundles must be signed with cannot be read.
    """
    from mlapi.bundle.follow import Follower
    from mlapi.bundle.listing import Lister

    key, local = public_key(settings), open_local(settings)
    made = Follower(
        source,
        local,
        name,
        settings.api.model_stage,
        public_key=key,
        require_signature=key is not None,
        notify=notify,
    )
    made.lister = Lister(source, local, name)
    return made


def once(settings: Settings, store: Store | None = None) -> str:
    """Bring what the alias names now; give a line that says so.

    Raises:
        SettingsError: the store has several models, or none.
        StoreError: another follower keeps the local directory.
        click.ClickException: the model could not be brought; the last good copy stays.
    """
    from mlapi.bundle.following import only_follower

    source = store or open_registry(settings)
    name = settings.api.model_name or only_model(source)
    with only_follower(settings.serving_dir, None):
        state = follower(settings, source, name, notify=lambda event: None).step()  # said once, below
    if state.state != "ok":
        import click

        raise click.ClickException(f"{name} was not brought ({state.code}): {state.reason}")
    return f"{name} version {state.version} is here (generation {state.generation})"


def forever(settings: Settings) -> None:
    """Follow until a signal or the parent's end.

    Raises:
        SystemExit: when it is over.
    """
    from mlapi.bundle.follow import run
    from mlapi.cli.first_model import FirstModel

    with ExitStack() as stack:
        source = patient_source(settings)
        stack.callback(getattr(source, "close", lambda: None))
        make = partial(follower, settings, source, notify=tell)
        steps = FirstModel(source, open_local(settings), settings.api.model_name, make)
        run(steps, interval_s=settings.follow_interval_s)


def patient_source(settings: Settings) -> Store | IsolatedStore:
    """Open the store so that no call takes for ever: MLflow's registry through a process of its own."""
    from mlapi.bundle.store.isolated import IsolatedStore

    if settings.store != "mlflow":
        return open_registry(settings)
    return IsolatedStore(settings.store, state_dir=settings.state_dir, tracking_uri=settings.mlflow.tracking_uri)


def tell(event: FollowEvent) -> None:
    """Log what a follower saw."""
    LogNotifier().notify(
        Event(
            key=f"follow:{event.name}:{event.alias}",
            severity=SEVERITIES.get(event.kind, Severity.ERROR),
            summary=f"{event.name} {event.alias}: {event.kind}" + (f": {event.reason}" if event.reason else ""),
            resolved=event.kind in ("adopted", "recovered"),
            details={
                name: str(value)
                for name, value in (
                    ("model.name", event.name),
                    ("model.version", event.version),
                    ("model.generation", event.generation),
                    ("error.code", event.code),
                )
                if value is not None
            },
        )
    )
