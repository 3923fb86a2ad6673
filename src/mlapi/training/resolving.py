"""The parameters of a training: flags over the environment over a file, each with the words for where it was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from pydantic import BaseModel

from mlapi.bundle.profile import FeatureOverride
from mlapi.ops.sources import Given
from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError
from mlapi.training.parameters import parameters

TABLE = ("dataset", "data", "target", "test")  # a table named by flags takes the place of the one in the settings
GROUPS = ("params", "search", "overrides", "card")  # tables inside `[training]`
Place = tuple[str, ...]


class Resolved(NamedTuple):
    """The parameters in use, and where each that was given comes from, by its place below `[training]`."""

    config: TrainingConfig
    origins: dict[Place, str]


def configuration(section: Mapping[str, Any], flags: Mapping[str, Any]) -> TrainingConfig:
    """Put flags over the settings' section `training`.

    Raises:
        ConfigError: as `resolve`.
    """
    return resolve({name: Given(value, f"training.{name}") for name, value in section.items()}, flags).config


def resolve(section: Mapping[str, Given], flags: Mapping[str, Any], *, as_flags: bool = True) -> Resolved:
    """Put flags over what files and variables say, parameter by parameter.

    Args:
        section: from a file or from `MLAPI_TRAINING_…`, unread so far.
        flags: by parameter; None or an empty tuple for those not given.
        as_flags: whether messages name a parameter by its flag, or as an argument of a function.

    Raises:
        ConfigError: a parameter is unknown or cannot be; it is named as it was given.
    """
    spoken = {
        name: Given(value, _flag(name) if as_flags else name)
        for name, value in flags.items()
        if value not in (None, ())
    }
    names_a_table = "dataset" in spoken or "data" in spoken
    kept = {name: given for name, given in section.items() if not (names_a_table and name in TABLE)}
    placed = dict(_placed(kept)) | dict(_placed(spoken))
    origins = {place: given.origin for place, given in placed.items()}
    try:
        return Resolved(TrainingConfig.model_validate(_nested(placed)), origins)
    except ConfigError as error:
        place = tuple(error.field.split("."))
        origin = next((words for known, words in origins.items() if place[: len(known)] == known), error.field)
        within = f"{place[1]}: " if place[0] == "search" and len(place) > 1 else ""
        raise ConfigError(origin, within + error.reason) from error


def _flag(name: str) -> str:
    return next((one.flag for one in parameters() if one.name == name), name)


def _placed(section: Mapping[str, Given]) -> Iterator[tuple[Place, Given]]:
    """Give each value by its place; tables first, since XGBoost's parameters are set by their bare names too."""
    for name in sorted(section, key=lambda name: name not in GROUPS):
        given = section[name]
        if name in GROUPS:
            for key, value in _entries(name, given).items():
                yield (name, key), Given(value, given.origin.replace(f"training.{name}", f"training.{name}.{key}", 1))
        else:
            yield (("params", name) if name in BoosterParams.model_fields else (name,)), given


def _entries(name: str, given: Given) -> Mapping[str, object]:
    """Read a group: a table of a file, or NAME=VALUE words of a variable or of flags."""
    if isinstance(given.value, BaseModel):
        return given.value.model_dump(exclude_unset=True)
    if isinstance(given.value, Mapping):
        return _overrides(given.value) if name == "overrides" else given.value
    words = given.value.split() if isinstance(given.value, str) else given.value
    if name == "overrides" or not isinstance(words, list | tuple) or not all("=" in str(word) for word in words):
        raise ConfigError(given.origin, f"give {'a table' if name == 'overrides' else 'NAME=VALUE'}")
    return dict(str(word).split("=", 1) for word in words)


def _nested(placed: Mapping[Place, Given]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for place, given in placed.items():
        inner = values.setdefault(place[0], {}) if place[1:] else values
        inner[place[-1]] = given.value
    return values


def _overrides(tables: object) -> dict[str, FeatureOverride]:
    """Read `[training.overrides.<feature>]` tables."""
    try:
        return msgspec.convert(tables, dict[str, FeatureOverride])
    except msgspec.ValidationError as error:
        raise ConfigError("training.overrides", str(error)) from error
