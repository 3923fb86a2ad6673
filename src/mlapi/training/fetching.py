"""From addresses to local files, before anything is read."""

from __future__ import annotations

from typing import Any

from mlapi.ops.aws import AWSClients
from mlapi.ops.settings import Settings
from mlapi.training.address import OPENML
from mlapi.training.config import TrainingConfig
from mlapi.training.downloads import Downloads
from mlapi.training.errors import ConfigError
from mlapi.training.openml import OpenML

FOLDER = "data"  # below the state directory


def fetched(config: TrainingConfig, settings: Settings) -> TrainingConfig:
    """Put local copies in the place of addresses; what OpenML says of a table stands where nothing else is said.

    Raises:
        AddressError: a file cannot be fetched.
        ConfigError: a target is needed, and none is known.
    """
    folder = settings.state_dir / FOLDER
    downloads = Downloads(folder, AWSClients.from_settings(settings).s3)
    changes: dict[str, Any] = {}
    address = config.address
    if address is not None and address.startswith(OPENML):
        changes |= _of_openml(config, OpenML(settings.openml_server, folder / "openml", downloads), address)
    elif address is not None:
        changes |= {"data": downloads.fetch(address, config.sha256), "name": config.model_name}
    if isinstance(config.test, str):
        changes |= {"test": downloads.fetch(config.test)}
    return config.model_copy(update=changes) if changes else config


def _of_openml(config: TrainingConfig, openml: OpenML, address: str) -> dict[str, Any]:
    about, path = openml.fetch(address.removeprefix(OPENML))
    target = config.target or about.default_target_attribute
    if not target:
        raise ConfigError("--target", f"OpenML does not say what to predict of {about.name}: give --target COLUMN")
    drop = tuple(dict.fromkeys((*config.drop, *(name for name in about.ignored if name != target))))
    name = config.name or TrainingConfig(dataset=about.name).model_name
    return {"data": path, "dataset": None, "target": target, "drop": drop, "name": name}
