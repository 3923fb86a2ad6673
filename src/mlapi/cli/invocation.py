"""What the options that every command takes have said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings
    from mlapi.ops.sources import Given


@dataclass
class Invocation:
    """One run of the command line. Filled while click reads the options, which may stand before or after a command."""

    debug: bool = False
    config: Path | None = None

    def settings(self, **flags: object) -> Settings:
        """Build the settings; flags by their settings' last names, None for those not given.

        Raises:
            SettingsError: as `mlapi.ops.settings.load_settings`.
        """
        from mlapi.ops.settings import load_settings

        return load_settings(config_file=self.config, flags=flags)

    def training(self) -> dict[str, Given]:
        """Give what a file and the environment say of trainings, by parameter, each with the words for where.

        Raises:
            SettingsError: as `mlapi.ops.settings.load_settings`.
        """
        from mlapi.ops.settings import given_training

        return given_training(config_file=self.config)
