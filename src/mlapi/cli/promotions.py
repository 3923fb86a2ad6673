"""mlapi models promote, rollback, history, publish: moving aliases, and carrying them elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation
from mlapi.cli.output import print_json, print_table
from mlapi.cli.stores import open_registry

if TYPE_CHECKING:
    from mlapi.bundle.store.protocol import AliasRecord
    from mlapi.training.gates import Verdict

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
ALIAS = click.option("--alias", default="production", show_default=True, help="The alias.")
REASON = click.option("--reason", default="", metavar="TEXT", help="Why, for the history.")
GATES = ("schema", "champion", "latency")


@click.command(cls=Command, epilog="Example: mlapi models promote adult 3 --reason 'better on the new quarter'")
@click.argument("name")
@click.argument("version", required=False)
@click.option("--to", default="production", show_default=True, help="The alias.")
@click.option("--expect-generation", type=int, metavar="N", help="Fail if somebody has moved the alias since.")
@click.option("--allow-schema-change", is_flag=True, help="Promote though clients must change; needs --reason.")
@click.option(
    "--skip-gate",
    "skipped",
    multiple=True,
    type=click.Choice(GATES),
    help="Promote though this gate refuses; needs --reason.",
)
@click.option("--force", is_flag=True, help="Promote whatever the gates say; needs --reason.")
@REASON
@JSON
@click.pass_obj
def promote(
    invocation: Invocation,
    /,
    allow_schema_change: bool,
    skipped: tuple[str, ...],
    force: bool,
    as_json: bool,
    **move: Any,
) -> None:
    """Verify a version, ask the gates, and point an alias at it. Without VERSION, the one in staging.

    The gates: schema (clients of the model in use can go on unchanged), champion (not significantly worse than the
    model in use, on rows that neither was trained on), latency (one row within the budget).
    """
    from mlapi.training import operations

    skip = set(GATES) if force else {*skipped, *(("schema",) if allow_schema_change else ())}
    verdicts: list[Verdict] = []
    try:
        settings = invocation.settings()
        record = operations.promote(**move, skip_gates=skip, hear=verdicts.append, settings=settings)
    finally:
        if not as_json and verdicts:
            print_table(("GATE", "VERDICT", "WHY"), [(one.gate, one.outcome, one.reason) for one in verdicts])
    _print_move(record, as_json, verdicts)


@click.command(cls=Command, epilog="Example: mlapi models rollback adult")
@click.argument("name")
@ALIAS
@REASON
@JSON
@click.pass_obj
def rollback(invocation: Invocation, name: str, alias: str, reason: str, as_json: bool) -> None:
    """Point an alias at the version before. A second call goes one further back."""
    from mlapi.training import operations

    moved = operations.rollback(name, alias=alias, reason=reason, settings=invocation.settings())
    _print_move(moved, as_json)


@click.command(cls=Command, epilog="Example: mlapi models history adult --json")
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


@click.command(cls=Command, epilog="Example: mlapi models publish adult --to s3://bucket/models")
@click.argument("name")
@click.argument("version", required=False)
@click.option("--to", metavar="STORE", help="s3://bucket/prefix or file:DIR.  [default: MLAPI_PUBLISH_TO]")
@JSON
@click.pass_obj
def publish(invocation: Invocation, name: str, version: str | None, to: str | None, as_json: bool) -> None:
    """Carry a version to another store, under its number. Its stages move there too.

    Without VERSION, the one in production.
    """
    from mlapi.training import operations

    settings = invocation.settings()
    place = to or settings.registry.publish_to
    if place is None:
        raise click.UsageError("say where to: --to s3://bucket/prefix or --to file:DIR, or set MLAPI_PUBLISH_TO")
    done = operations.publish(name, version, to=place, settings=settings)
    if as_json:
        print_json({"version": done.version, "moved": done.moved})
        return
    click.echo(f"{name} version {done.version.version} is in {place}")
    for record in done.moved:
        click.echo(f"{record.alias} there names version {record.version} (generation {record.generation})")


def _print_move(record: AliasRecord, as_json: bool, verdicts: list[Verdict] | None = None) -> None:
    if as_json:
        import msgspec

        gates = {} if verdicts is None else {"gates": msgspec.to_builtins(verdicts)}
        print_json(msgspec.to_builtins(record) | gates)
    else:
        click.echo(f"{record.name} version {record.version} is now in {record.alias} (generation {record.generation})")
