"""The settings of the service, thin over `mlapi.ops.settings`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mlapi.ops.errors import SettingsError
from mlapi.ops.settings import Settings, load_settings


@dataclass(frozen=True)
class ConfigManager:
    """The settings of this process, built once and passed down.

    The seed's name; all it adds to `Settings` is what the service derives from them.
    """

    settings: Settings

    @classmethod
    def load(cls, *, config_file: Path | None = None, environ: Mapping[str, str] | None = None) -> Self:
        """Read file and environment; raises SettingsError."""
        return cls(load_settings(config_file=config_file, environ=environ))

    @property
    def docs_are_public(self) -> bool:
        """Whether the documentation pages need no key."""
        return self.settings.environment == "development" or self.settings.api.docs_public

    def read_public_key(self) -> bytes | None:
        """Read the PEM of the key that bundles must be signed with, None where none is set.

        Raises:
            SettingsError: its file cannot be read.
        """
        file = self.settings.security.public_key_file
        try:
            return file.read_bytes() if file else None
        except OSError as error:
            raise SettingsError("MLAPI_PUBLIC_KEY_FILE", error.strerror or "it cannot be read") from error

    @property
    def keys(self) -> tuple[str, ...]:
        """API keys as configured, in clear or as `sha256:<hex>`."""
        return tuple(key.get_secret_value() for key in self.settings.api.keys)
