"""The model that a command predicts with: of a directory, of a version, or what is in production."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from mlapi.cli.model_files import chosen
from mlapi.cli.stores import only_model, open_local, open_registry, public_key

if TYPE_CHECKING:
    from mlapi.bundle.model import Bundle
    from mlapi.bundle.store.protocol import Store
    from mlapi.ops.settings import Settings

T = TypeVar("T")


def which_model(function: Callable[..., T]) -> Callable[..., T]:
    """Add the options that say which model."""
    for option in (
        click.option("--bundle", type=click.Path(path_type=Path), metavar="DIR", help="A bundle's directory instead."),
        click.option("--version", metavar="VERSION", help="The version; else the one in production."),
        click.option("--model-name", metavar="MODEL", help="The model; needed where there is more than one."),
    ):
        function = option(function)
    return function


@contextmanager
def loaded(settings: Settings, version: str | None, directory: Path | None) -> Iterator[tuple[Bundle, str | None]]:
    """Have a verified bundle and its version: of a directory, of a version, or of what is in production."""
    from mlapi.bundle import load

    key = public_key(settings)
    if directory is not None:
        yield load(directory, public_key=key, require_signature=key is not None), None
        return
    store = _store(settings, version)
    record = chosen(store, settings.api.model_name or only_model(store), version)
    with tempfile.TemporaryDirectory() as scratch:
        path = store.fetch(record.name, record.version, Path(scratch, "bundle"))
        model = load(path, expected_manifest=record.manifest_sha256, public_key=key, require_signature=key is not None)
        yield model, record.version


def _store(settings: Settings, version: str | None) -> Store:
    """Open this machine's copies where they have the model, for that takes no time; else the registry."""
    local = open_local(settings)
    here = local.models() if version is None else []
    name = settings.api.model_name
    return local if here and (name is None or name in here) else open_registry(settings)
