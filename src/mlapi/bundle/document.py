"""JSON files of a bundle: written so that equal values give equal bytes, read so that nothing passes unseen."""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

from mlapi.bundle.errors import FormatError

T = TypeVar("T")


def write(value: msgspec.Struct, *, readable: bool = False) -> bytes:
    """Give the bytes of a JSON file.

    Args:
        value: what to write. Its numbers are finite: msgspec turns NaN into null, so each type refuses it beforehand.
        readable: two spaces of indentation, for the files that people open.

    Returns:
        UTF-8 with a newline at the end; mappings in the order of their keys, struct fields in the order of declaration,
        floats as the shortest decimal that reads back as the same float64.
    """
    data = msgspec.json.encode(value, order="deterministic")
    return (msgspec.json.format(data, indent=2) if readable else data) + b"\n"


def read(data: bytes, kind: type[T], file: str) -> T:
    """Read a JSON file as a type.

    Args:
        data: the whole file.
        kind: a msgspec type that forbids unknown fields.
        file: the name that an error gives.

    Raises:
        FormatError: no JSON or not UTF-8, NaN or Infinity, a value of another type, a field that is unknown or missing,
            a key twice in one object.
    """
    try:
        value = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(file, str(error)) from error
    _refuse_duplicates(data, file)
    return value


def _refuse_duplicates(data: bytes, file: str) -> None:
    """Refuse JSON that has a key twice in one object: parsers differ in which of the two they keep.

    Raises:
        FormatError: a key twice, or no JSON at all.
    """
    try:
        json.loads(data, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise FormatError(file, str(error)) from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return members
