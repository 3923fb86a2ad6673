"""Every setting with its name in a file, its environment variable, default and meaning."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo


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


def entries(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[Entry]:
    """Give the settings of a configuration class and of the classes inside it, in order of declaration.

    A field without a meaning is none that a user sets by an environment variable, and is left out.
    """
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from entries(field.annotation, (*path, name))
        elif isinstance(field.json_schema_extra, dict):
            yield _entry((*path, name), field, field.json_schema_extra)


def _entry(path: tuple[str, ...], field: FieldInfo, extra: dict[str, Any]) -> Entry:
    env = extra["env"] or f"MLAPI_{path[-1].upper()}"
    return Entry(path, env, extra["shown"] or _shown(field.default), field.description or "")


def _shown(default: object) -> str:
    return "" if default is None else spelled(default)


def spelled(value: object) -> str:
    """Spell a value as its environment variable takes it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(spelled, value)) if isinstance(value, tuple) else str(value)
