"""Every setting with its name in a file, its environment variable, default and meaning."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import FieldInfo

from mlapi.ops.conversion import plain
from mlapi.ops.fields import Secret, Section


class Entry(NamedTuple):
    """One setting.

    `path` is its place in a file, ("api", "port"); `env` its environment variable.
    """

    path: tuple[str, ...]
    env: str
    default: str
    meaning: str

    @property
    def name(self) -> str:
        """Its name in a file, such as `api.port`."""
        return ".".join(self.path)


def entries(kind: type[Section], path: tuple[str, ...] = ()) -> Iterator[Entry]:
    """Give the settings of a configuration class and of the classes inside it, in order of declaration.

    A field without a meaning is none that a user sets by an environment variable, and is left out.
    """
    for field in msgspec.structs.fields(kind):
        inner = plain(field.type)
        if isinstance(inner, type) and issubclass(inner, Section):
            yield from entries(inner, (*path, field.name))
        elif (said := _said(field.type)) is not None:
            yield _entry((*path, field.name), field, said)


def _said(kind: Any) -> msgspec.Meta | None:
    """What `about` said of a field, inside its type or inside the alternative to None."""
    for one in (kind, *getattr(kind, "__args__", ())):
        for said in getattr(one, "__metadata__", ()):
            if isinstance(said, msgspec.Meta) and said.description:
                return said
    return None


def _entry(path: tuple[str, ...], field: FieldInfo, said: msgspec.Meta) -> Entry:
    extra = said.extra or {}
    env = extra["env"] or f"MLAPI_{path[-1].upper()}"
    return Entry(path, env, extra["shown"] or _shown(field.default), said.description or "")


def _shown(default: object) -> str:
    return "" if default is None else spelled(default)


def spelled(value: object) -> str:
    """Spell a value as its environment variable takes it."""
    if isinstance(value, Secret):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(spelled, value)) if isinstance(value, tuple) else str(value)
