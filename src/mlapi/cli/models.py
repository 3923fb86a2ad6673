"""mlapi models: what is registered, and which version is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from mlapi.cli import model_files, promotions
from mlapi.cli.command import Group
from mlapi.cli.invocation import Invocation
from mlapi.cli.output import print_json, print_table
from mlapi.cli.promotions import JSON
from mlapi.cli.stores import open_registry
from mlapi.cli.webhook import webhook

if TYPE_CHECKING:
    from mlapi.training.registry import ModelRegistry

STAGES = ("staging", "production")


class Overview(NamedTuple):
    """A model at a glance: its versions, ascending, and the version of each alias that is set."""

    model: str
    versions: list[str]
    aliases: dict[str, str]

    @classmethod
    def of(cls, registry: ModelRegistry, name: str) -> Overview:
        """Look a model up."""
        versions = [record.version for record in registry.versions(name)]
        return cls(name, versions, {alias: record.version for alias, record in registry.stages(name).items()})


@click.group(cls=Group)
def models() -> None:
    """List, promote, roll back, check and publish registered models."""


@models.command("list", epilog="Example: mlapi models list")
@JSON
@click.pass_obj
def list_models(invocation: Invocation, as_json: bool) -> None:
    """List the models, and what is in staging and production."""
    from mlapi.training.registry import ModelRegistry

    store = open_registry(invocation.settings())
    registry = ModelRegistry(store)
    found = [Overview.of(registry, name) for name in sorted(store.models())]
    if as_json:
        print_json([one._asdict() for one in found])
    else:
        rows = [(one.model, len(one.versions), *(one.aliases.get(stage, "-") for stage in STAGES)) for one in found]
        print_table(("MODEL", "VERSIONS", *(stage.upper() for stage in STAGES)), rows)


@models.command(epilog="Example: mlapi models show adult 3")
@click.argument("name")
@click.argument("version", required=False)
@JSON
@click.pass_obj
def show(invocation: Invocation, name: str, version: str | None, as_json: bool) -> None:
    """Show a version and its figures. Without VERSION, the one in production, else the newest."""
    store = open_registry(invocation.settings())
    facts = model_files.facts(store, model_files.chosen(store, name, version))
    if as_json:
        print_json(facts)
    else:
        for line in model_files.lines(facts):
            click.echo(line)


for command in (
    promotions.promote,
    promotions.rollback,
    promotions.history,
    model_files.verify,
    model_files.export,
    promotions.publish,
    webhook,
):
    models.add_command(command)
