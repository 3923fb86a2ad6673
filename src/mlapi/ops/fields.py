"""Kinds of field that the configuration classes share."""

import os
from typing import Annotated, Any

# Else pydantic reads the metadata of every installed package for plugins, which is 10 ms of a start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.config import JsonDict


class Section(BaseModel):
    """A frozen group of settings; an unknown name is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def setting(default: Any, meaning: str, *, env: str | None = None, shown: str | None = None, **bounds: Any) -> Any:
    """Declare a setting.

    Args:
        default: value without any source.
        meaning: one line for the table of settings.
        env: environment variable, where another tool owns the name; else `MLAPI_` and the field's name in capitals.
        shown: what the table shows as the default, where it depends on another setting.
        bounds: pydantic's own constraints, such as `ge`.
    """
    extra: JsonDict = {"env": env, "shown": shown}
    return Field(default, description=meaning, json_schema_extra=extra, **bounds)


def split_commas(value: object) -> object:
    """Split `a, b` into its non-empty parts; what is no text stays as it is."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


Names = Annotated[tuple[str, ...], BeforeValidator(split_commas)]
Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(split_commas)]
