"""Rows as a person gives them on a command line: JSON in an argument, a file, or standard input."""

import sys
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec

STDIN = "-"


def read_rows(argument: str) -> list[dict[str, Any]]:
    """Read one or more rows.

    Args:
        argument: JSON text, the path of a file, or `-`. The text is a row, a list of rows, a request
            (`{"data": [...]}`), or one row a line.

    Raises:
        OSError: the file cannot be read.
        click.BadParameter: the text is no JSON, or holds something else than rows.
    """
    rows = _rows_of(_parse(_text(argument)))
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise click.BadParameter("give at least one row, each an object from feature name to cell", param_hint="ROWS")
    return rows


def _text(argument: str) -> bytes:
    if argument.lstrip().startswith(("{", "[")):
        return argument.encode(errors="surrogateescape")
    return sys.stdin.buffer.read() if argument == STDIN else Path(argument).read_bytes()


def _parse(text: bytes) -> Any:
    """Decode one JSON value, or else a value a line."""
    decoder = msgspec.json.Decoder()
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        several = b"\n" in text.strip()
        reason = error
    try:
        return decoder.decode_lines(text) if several else _refuse(reason)
    except (msgspec.DecodeError, UnicodeDecodeError):
        _refuse(reason)


def _refuse(reason: Exception) -> NoReturn:
    raise click.BadParameter(f"is no JSON: {reason}", param_hint="ROWS") from reason


def _rows_of(value: Any) -> list[Any]:
    if isinstance(value, dict):
        data = value.get("data")
        return data if isinstance(data, list) else [value]
    return value if isinstance(value, list) else []
