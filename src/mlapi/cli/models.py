"""mlapi models: what is registered, and which version is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from mlapi.cli import model_files
from mlapi.cli.command import Group
from mlapi.cli.invocation import Invocation
from mlapi.cli.output import print_json, print_table
from mlapi.cli.stores import open_registry, public_key

if TYPE_CHECKING:
    from mlapi.bundle.store.protocol import AliasRecord
    from mlapi.training.registry import ModelPromotion, ModelRegistry

STAGES = ("staging", "production")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
ALIAS = click.option("--alias", default="production", show_default=True, help="The alias.")
REASON = click.option("--reason", default="", metavar="TEXT", help="Why, for the history.")


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
    """List, promote, roll back, check and export registered models."""


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


@models.command(epilog="Example: mlapi models promote adult 3 --reason 'better on the new quarter'")
@click.argument("name")
@click.argument("version", required=False)
@click.option("--to", default="production", show_default=True, help="The alias.")
@click.option("--expect-generation", type=int, metavar="N", help="Fail if somebody has moved the alias since.")
@REASON
@JSON
@click.pass_obj
def promote(
    invocation: Invocation,
    name: str,
    version: str | None,
    to: str,
    expect_generation: int | None,
    reason: str,
    as_json: bool,
) -> None:
    """Verify a version and point an alias at it. Without VERSION, the one in staging."""
    record = _promotion(invocation).promote(name, version, to=to, expect_generation=expect_generation, reason=reason)
    _print_move(record, as_json)


@models.command(epilog="Example: mlapi models rollback adult")
@click.argument("name")
@ALIAS
@REASON
@JSON
@click.pass_obj
def rollback(invocation: Invocation, name: str, alias: str, reason: str, as_json: bool) -> None:
    """Point an alias at the version before. A second call goes one further back."""
    _print_move(_promotion(invocation).rollback(name, alias=alias, reason=reason), as_json)


@models.command(epilog="Example: mlapi models history adult --json")
@click.argument("name")
@ALIAS
@JSON
@click.pass_obj
def history(invocation: Invocation, name: str, alias: str, as_json: bool) -> None:
    """Show the moves of an alias: who, when, to what and why."""
    moves = open_registry(invocation.settings()).history(name, alias)
    if as_json:
        print_json(moves)
    else:
        rows = [(m.generation, m.at, m.by, m.action, m.previous or "-", m.version, m.reason) for m in moves]
        print_table(("GENERATION", "AT", "BY", "ACTION", "FROM", "TO", "REASON"), rows)


models.add_command(model_files.verify)
models.add_command(model_files.export)


def _promotion(invocation: Invocation) -> ModelPromotion:
    from mlapi.training.registry import ModelPromotion

    settings = invocation.settings()
    key = public_key(settings)
    return ModelPromotion(open_registry(settings), public_key=key, require_signature=key is not None)


def _print_move(record: AliasRecord, as_json: bool) -> None:
    if as_json:
        print_json(record)
    else:
        click.echo(f"{record.name} version {record.version} is now in {record.alias} (generation {record.generation})")
