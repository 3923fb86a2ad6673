"""What goes wrong around the work rather than in it.

OpsError
└── SettingsError   a setting that cannot be used, or that nobody knows
"""


class OpsError(Exception):
    """Something around the work is not as it must be."""


class SettingsError(OpsError):
    """A setting cannot be used.

    Attributes: setting, where it was given (`MLAPI_PORT`, `api.port in mlapi.toml`, `--port`); reason, what would be
    right. Neither carries the value, which may be a secret.
    """

    def __init__(self, setting: str, reason: str) -> None:
        self.setting = setting
        self.reason = reason
        super().__init__(f"{setting}: {reason}")
