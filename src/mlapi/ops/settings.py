"""All settings of a process: frozen, built once, passed down."""

import os
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mlapi.ops import mlflow_config, sources
from mlapi.ops.api_config import APIConfig
from mlapi.ops.catalog import Entry, entries, spelled
from mlapi.ops.conversion import Unfit, convert
from mlapi.ops.errors import SettingsError
from mlapi.ops.fields import Secret, Section, about
from mlapi.ops.mlflow_config import MLflowConfig
from mlapi.ops.monitoring_config import MonitoringConfig
from mlapi.ops.production import refuse_unsafe
from mlapi.ops.registry_config import RegistryConfig
from mlapi.ops.security_config import SecurityConfig

DEFAULT_STATE_DIR = Path(".mlapi")
KEY_SETTINGS = ("MLAPI_API_KEY", "MLAPI_API_KEYS")  # variables that hold keys; only what serves needs them
OPEN_SECTIONS = ("training",)  # read by mlapi.training.config, which ops does not know


class Settings(Section, frozen=True, kw_only=True):
    """The settings of one process, whatever they came from."""

    environment: Annotated[
        Literal["development", "production"],
        about("`development` or `production`; production refuses whatever is unsafe"),
    ] = "development"
    store: Annotated[
        str, about("where models are: `mlflow`, `file:DIR` (below `state_dir` unless absolute) or `s3://bucket/prefix`")
    ] = "mlflow"
    state_dir: Annotated[Path, about("directory of everything that this machine keeps")] = DEFAULT_STATE_DIR
    follow_interval_s: Annotated[float, about("seconds between looks at the alias that is followed", ge=0.1)] = 5.0
    openml_server: Annotated[str, about("server that `openml:NAME` tables come from", env="OPENML_SERVER")] = (
        "https://www.openml.org"
    )
    database_url: Annotated[Secret, about("SQLAlchemy address of the service's own database")] | None = None
    api: APIConfig = APIConfig()
    mlflow: MLflowConfig
    registry: RegistryConfig = RegistryConfig()
    security: SecurityConfig = SecurityConfig()
    monitoring: MonitoringConfig = MonitoringConfig()
    training: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def serving_dir(self) -> Path:
        """The local last-good copies, a directory store that the follower writes and the service reads."""
        return self.state_dir / "serving"

    @property
    def key_file(self) -> Path:
        """The API key that `mlapi quickstart` made on this machine."""
        return self.state_dir / "key"

    @property
    def has_keys(self) -> bool:
        """Whether there is anywhere to take API keys from."""
        security = self.security
        elsewhere = security.secrets_manager_enabled or security.parameter_store_enabled or security.keys_in_database
        return bool(self.api.keys) or security.keys_file is not None or elsewhere

    def __post_init__(self) -> None:
        """Refuse what no type tells.

        Raises:
            SettingsError: names the first setting that cannot be used, or that is unsafe in production.
        """
        if self.store != "mlflow" and not any(
            self.store.startswith(prefix) and self.store != prefix for prefix in ("file:", "s3://")
        ):
            raise SettingsError("MLAPI_STORE", "give mlflow, file:DIR or s3://bucket/prefix")
        if self.environment == "production":
            refuse_unsafe(self)


def load_settings(
    *,
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Settings:
    """Build the settings from flags over environment over file.

    Args:
        config_file: a TOML file; else `MLAPI_CONFIG`, else `mlapi.toml` of the working directory where there is one.
        environ: environment variables; this process's if None.
        flags: settings by their last names (`port`), None for a flag that was not given.

    Raises:
        SettingsError: the file cannot be read, a name is unknown, or a value cannot be used. One line, which names
            the setting as it was given and never holds its value.
    """
    given = given_settings(config_file=config_file, environ=environ, flags=flags)
    try:
        return convert(_filled_in(sources.nest(given)), Settings)
    except Unfit as error:
        origins = (known.origin for path, known in given.items() if error.place[: len(path)] == path)
        raise SettingsError(next(origins, ".".join(error.place)), error.reason) from error


def given_settings(
    *,
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> dict[tuple[str, ...], sources.Given]:
    """Give what was said, by the setting's place, each with the words for where; arguments as `load_settings`.

    Raises:
        SettingsError: the file cannot be read, or a name is unknown.
    """
    variables = os.environ if environ is None else environ
    file = config_file or (Path(variables["MLAPI_CONFIG"]) if variables.get("MLAPI_CONFIG") else None)
    known = catalog()
    return {
        **sources.from_file(file, known, open_sections=OPEN_SECTIONS),
        **sources.from_environment(variables, known),
        **sources.from_flags(flags or {}, known),
    }


def given_training(*, config_file: Path | None = None) -> dict[str, sources.Given]:
    """Give what a file and the environment say of trainings, by parameter, each with the words for where.

    Raises:
        SettingsError: as `load_settings`.
    """
    given = given_settings(config_file=config_file)
    return {place[1]: one for place, one in given.items() if place[0] == "training" and len(place) == 2}


def catalog() -> tuple[Entry, ...]:
    """Every setting, in the order of the classes."""
    return tuple(entries(Settings))


def environment_of(settings: Settings, *, leave_out: Container[str] = ()) -> dict[str, str]:
    """Give the environment variables from which a child process builds the same settings.

    Args:
        settings: what the child shall have.
        leave_out: names such as `api.api_keys` that are none of the child's business.
    """
    variables = {}
    for entry in catalog():
        value: object = settings
        for name in entry.path:
            value = getattr(value, name)
        if value not in (None, ()) and entry.name not in leave_out:
            variables[entry.env] = spelled(value)
    return variables


def settings_table() -> str:
    """Give README's Markdown table of all settings, with a newline at the end."""
    rows = [f"| `{entry.name}` | `{entry.env}` | {_code(entry.default)} | {entry.meaning} |" for entry in catalog()]
    return "\n".join(["| Name | Environment variable | Default | Meaning |", "|---|---|---|---|", *rows, ""])


def _code(text: str) -> str:
    return f"`{text}`" if text and " " not in text else text


def _filled_in(given: dict[str, Any]) -> dict[str, Any]:
    """Add what follows from other settings."""
    state_dir = given.get("state_dir") or DEFAULT_STATE_DIR
    api = {"https_only": given.get("environment") == "production", **given.get("api", {})}
    return {**given, "mlflow": mlflow_config.with_defaults(given.get("mlflow", {}), Path(str(state_dir))), "api": api}
