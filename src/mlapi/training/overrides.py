"""What a person says of features instead of letting training look (`--schema FILE`).

The file is TOML, one table for each feature, with any of the fields of `FeatureOverride`:

    [zip]
    kind = "categorical"

    ["home.dest"]
    on_unknown = "reject"
    categories = ["Cherbourg", "Southampton"]
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from mlapi.bundle.profile import FeatureOverride
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError, shown_path


def resolved(config: TrainingConfig) -> TrainingConfig:
    """Put the schema file's overrides, where there is one, over those of the configuration, feature by feature.

    Raises:
        ConfigError: the file cannot be read, or says what cannot be said.
    """
    if config.schema_file is None:
        return config
    overrides = {**config.overrides, **read_overrides(config.schema_file)}
    return config.model_copy(update={"overrides": overrides, "schema_file": None})


def read_overrides(path: Path) -> dict[str, FeatureOverride]:
    """Read a schema file.

    Raises:
        ConfigError: the file cannot be read, or says what cannot be said.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, FeatureOverride])
    except OSError as error:
        raise ConfigError("--schema", f"{shown_path(path)} cannot be read: {error.strerror}") from error
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise ConfigError("--schema", f"{shown_path(path)}: {reason[:1].lower()}{reason[1:]}") from error
