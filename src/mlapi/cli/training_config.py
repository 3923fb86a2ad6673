"""The parameters of a training: flags over the settings' section `training`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from mlapi.bundle.profile import FeatureOverride
    from mlapi.training.config import TrainingConfig

TABLE = ("dataset", "data", "target", "test")  # a table named by flags takes the place of the one in the settings


def configuration(section: Mapping[str, Any], flags: Mapping[str, Any]) -> TrainingConfig:
    """Put flags over settings.

    Args:
        section: from a file or from `MLAPI_TRAINING_…`, unread so far.
        flags: None or an empty tuple for those not given.

    Raises:
        ConfigError: a parameter is unknown or cannot be.
    """
    from mlapi.training.config import TrainingConfig

    given = {name: value for name, value in flags.items() if value not in (None, ())}
    names_a_table = "dataset" in given or "data" in given
    kept = {name: value for name, value in section.items() if not (names_a_table and name in TABLE)}
    if isinstance(kept.get("drop"), str):  # from an environment variable
        kept["drop"] = tuple(part.strip() for part in kept["drop"].split(",") if part.strip())
    if "overrides" in kept:
        kept["overrides"] = _overrides(kept["overrides"])
    return TrainingConfig.model_validate({**kept, **given})


def _overrides(tables: object) -> dict[str, FeatureOverride]:
    """Read `[training.overrides.<feature>]` tables."""
    from mlapi.bundle.profile import FeatureOverride
    from mlapi.training.errors import ConfigError

    try:
        return msgspec.convert(tables, dict[str, FeatureOverride])
    except msgspec.ValidationError as error:
        raise ConfigError("training.overrides", str(error)) from error
