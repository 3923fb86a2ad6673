"""A training's parameters as a person reads them: TOML that may be kept as `mlapi.toml`, each with where it is from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from mlapi.training.resolving import Place, Resolved

DEFAULT = "default"
WIDTH = 40  # of what stands before the remark


def lines(resolved: Resolved) -> Iterator[str]:
    """Give the lines of the file."""
    plain = as_mapping(resolved)
    yield "[training]"
    yield from (_line((name,), value, resolved) for name, value in plain.items() if not isinstance(value, Mapping))
    yield from ("", "[training.params]")
    yield from (_line(("params", name), value, resolved) for name, value in plain["params"].items())
    yield from ("", "[training.search]")
    yield from (_line(("search", name), value, resolved) for name, value in plain["search"].items())
    for name, table in plain["overrides"].items():
        yield from ("", f"[training.overrides.{_key(name)}]")
        yield from (_line(("overrides", name), value, resolved, key=key) for key, value in table.items())


def as_mapping(resolved: Resolved) -> dict[str, Any]:
    """Give names and values as JSON and TOML have them; None where nothing is given."""
    from mlapi.training.search_space import OFF, SPACE

    config = resolved.config
    values: dict[str, Any] = config.model_dump(mode="json", exclude={"overrides"})
    ranges = dict.fromkeys(SPACE, OFF) | {name: _short(value) for name, value in values["search"].items()}
    tables = {name: _short(msgspec.to_builtins(one)) for name, one in config.overrides.items()}
    return values | {"search": ranges, "overrides": tables}


def with_origins(resolved: Resolved) -> dict[str, dict[str, Any]]:
    """Give value and origin of each parameter by its dotted name, for a program."""
    found = {}
    for name, value in as_mapping(resolved).items():
        inner = {(name, key): cell for key, cell in value.items()} if isinstance(value, Mapping) else {(name,): value}
        for place, cell in inner.items():
            found[".".join(place)] = {"value": cell, "origin": resolved.origins.get(place, DEFAULT)}
    return found


def _line(place: Place, value: object, resolved: Resolved, *, key: str | None = None) -> str:
    name = _key(key or place[-1])
    said = f"# {name} is not given" if value is None else f"{name} = {_toml(value)}"
    origin = resolved.origins.get(place, DEFAULT)
    return said if value is None and origin == DEFAULT else f"{said:<{WIDTH}}  # {origin}"


def _short(table: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing."""
    return {key: value for key, value in table.items() if value not in (None, []) and value is not False}


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def _toml(value: object) -> str:
    """Spell a value; TOML's basic strings take JSON's escapes."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(cell)}" for key, cell in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
