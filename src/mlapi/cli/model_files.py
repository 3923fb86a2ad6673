"""mlapi models show, verify, export: the commands that open a version's bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation
from mlapi.cli.stores import open_registry, public_key

if TYPE_CHECKING:
    from mlapi.bundle.store.protocol import Store, VersionRecord


@click.command(cls=Command, epilog="Example: mlapi models verify adult 3    or: mlapi models verify ./bundle")
@click.argument("model")
@click.argument("version", required=False)
@click.pass_obj
def verify(invocation: Invocation, model: str, version: str | None) -> None:
    """Run every check over a bundle.

    MODEL is a registered model, or the directory of a bundle. The checks are: digest, signature, structure, versions,
    golden rows.
    """
    from mlapi.bundle.verify import verify_in_subprocess

    settings = invocation.settings()
    key = public_key(settings)
    if version is None and Path(model, "manifest.json").is_file():
        verify_in_subprocess(Path(model), public_key=key, require_signature=key is not None)
        click.echo(f"{model} is right")
        return
    store = open_registry(settings)
    record = chosen(store, model, version)
    with fetched(store, record) as path:
        verify_in_subprocess(
            path, expected_manifest=record.manifest_sha256, public_key=key, require_signature=key is not None
        )
    click.echo(f"{record.name} version {record.version} is right")


@click.command(cls=Command, epilog="Example: mlapi models export adult 3 adult-3.tar")
@click.argument("name")
@click.argument("version")
@click.argument("out", type=click.Path(path_type=Path))
@click.pass_obj
def export(invocation: Invocation, name: str, version: str, out: Path) -> None:
    """Copy a version's bundle to OUT. An archive if OUT ends in .tar, else a directory; OUT must not exist."""
    from mlapi.bundle.archive import pack, read_directory

    if out.exists():
        raise FileExistsError(17, "exists already; choose another name", str(out))
    store = open_registry(invocation.settings())
    record = store.version(name, version)
    if out.suffix == ".tar":
        with fetched(store, record) as path:
            out.write_bytes(pack(read_directory(path)))
    else:
        store.fetch(name, version, out)
    click.echo(f"wrote {out} (manifest {record.manifest_sha256[:12]})")


def chosen(store: Store, name: str, version: str | None) -> VersionRecord:
    """Give the record of a version; without one, of what is in production, else of the newest.

    Raises:
        ModelNotFound: there is no such model or version.
    """
    from mlapi.bundle.errors import ModelNotFound

    if version is not None:
        return store.version(name, version)
    try:
        return store.version(name, store.resolve(name, "production").version)
    except ModelNotFound:
        versions = store.versions(name)
    if not versions:
        raise ModelNotFound(name, None)
    return versions[-1]


@contextmanager
def fetched(store: Store, record: VersionRecord) -> Iterator[Path]:
    """Have a version's bundle in a directory for a while."""
    with tempfile.TemporaryDirectory() as scratch:
        yield store.fetch(record.name, record.version, Path(scratch, "bundle"))


def facts(store: Store, record: VersionRecord) -> dict[str, Any]:
    """Give what a version's record, aliases and manifest say."""
    from mlapi.bundle.contents import Contents
    from mlapi.training.registry import ModelRegistry

    stages = ModelRegistry(store).stages(record.name)
    with fetched(store, record) as path:
        contents = Contents.read(path)
    manifest = contents.manifest
    return {
        "model": record.name,
        "version": record.version,
        "aliases": sorted(alias for alias, stage in stages.items() if stage.version == record.version),
        "created_at": record.created_at,
        "content_digest": record.content_digest,
        "run_id": record.run_id,
        "metrics": manifest.metrics,
        "metric_intervals": manifest.metric_intervals,
        "tags": record.tags,
    }


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Spell the facts for a person, one a line."""
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from (f"{name}.{inner}: {_spelled(cell)}" for inner, cell in value.items())
        else:
            yield f"{name}: {_spelled(value)}"


def _spelled(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_spelled, value)) or "-"
    return "-" if value is None else str(value)
