"""Every parameter that a user can set, from the one definition of each: its place, flag, type and meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig

TABLES_ONLY = ("overrides",)  # too deep for a flag; `--schema FILE` says the same


class Parameter(NamedTuple):
    """One parameter.

    `path` is its place below `[training]`, ("seed",) or ("params", "max_depth"); `kind` is bool, int, float, str or
    Path; `several` may be given again; `pairs` are NAME=VALUE.
    """

    path: tuple[str, ...]
    flag: str
    kind: type
    meaning: str
    default: object
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    several: bool = False
    pairs: bool = False

    @property
    def name(self) -> str:
        """Its last name, which the flag and the environment variable have too."""
        return self.path[-1]


def parameters() -> tuple[Parameter, ...]:
    """Give all, in the order of their definition; XGBoost's last."""
    return (*_of(TrainingConfig, ()), *_of(BoosterParams, ("params",)))


def _of(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Parameter]:
    for name, field in model.model_fields.items():
        if field.annotation is not BoosterParams and name not in TABLES_ONLY:
            yield _parameter((*path, name), field)


def _parameter(path: tuple[str, ...], field: FieldInfo) -> Parameter:
    extra: Mapping[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    inner = _without_none(field.annotation)
    choices = tuple(
        map(str, get_args(inner) if get_origin(inner) is Literal else getattr(inner, "__members__", {}).values())
    )
    return Parameter(
        path,
        str(extra.get("flag", "--" + path[-1].replace("_", "-"))),
        inner if inner in (bool, int, float, Path) else str,
        field.description or "",
        field.get_default(call_default_factory=True, validated_data={}),
        extra.get("metavar"),
        choices,
        get_origin(inner) in (tuple, Mapping),
        get_origin(inner) is Mapping,
    )


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        return next(part for part in get_args(annotation) if part is not NoneType)
    return annotation
