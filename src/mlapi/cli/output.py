"""What commands print for people and for programs."""

from collections.abc import Iterable, Sequence

import click


def print_json(value: object) -> None:
    """Print one line of JSON."""
    import msgspec

    click.echo(msgspec.json.encode(value, enc_hook=str))


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under a header, columns as wide as they need to be."""
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
