"""The sources of API keys that the settings name."""

from collections.abc import Iterator

from mlapi.app.core.config import ConfigManager
from mlapi.app.core.database import Database
from mlapi.app.services.key_records import DatabaseKeys
from mlapi.app.services.key_sources import ConfiguredKeys, FileKeys, ParameterKeys, SecretKeys
from mlapi.app.services.keyring import KeySource
from mlapi.ops.aws import AWSClients
from mlapi.ops.settings import Settings


def sources(settings: Settings) -> Iterator[KeySource]:
    """Give them, those first whose word counts where two have the same key; no file is read and no call made yet."""
    security = settings.security
    yield ConfiguredKeys(ConfigManager(settings).keys)
    if security.keys_file is not None:
        yield FileKeys(security.keys_file)
    if security.keys_in_database:
        yield DatabaseKeys(Database.of(settings))
    clients = AWSClients.from_settings(settings)
    if security.secrets_manager_enabled:
        yield SecretKeys(lambda: clients.client("secretsmanager"), security.keys_secret)
    if security.parameter_store_enabled:
        yield ParameterKeys(lambda: clients.client("ssm"), security.keys_parameters)
