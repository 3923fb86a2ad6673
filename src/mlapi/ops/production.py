"""What is refused in production, whatever else is right."""

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from mlapi.ops.errors import SettingsError

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings

SHORTEST_KEY = 16  # characters; `mlapi keys create` gives 47
PLACEHOLDERS = ("changeme", "change-me", "change_me", "secret", "password", "placeholder", "example", "your-", "your_")
ENCRYPTED = ("require", "verify-ca", "verify-full")  # PostgreSQL's sslmode values that never fall back to clear text


def refuse_unsafe(settings: "Settings") -> None:
    """Raise SettingsError for the first setting that is not fit for production."""
    _refuse_weak_keys(settings)
    if not settings.api.https_only:
        raise SettingsError("MLAPI_HTTPS_ONLY", "false is for development; production answers HTTPS only")
    insecure = settings.security.insecure_hosts
    _refuse_clear_text("MLFLOW_TRACKING_URI", settings.mlflow.tracking_uri, insecure)
    if settings.monitoring.alert_webhook_url is not None:
        _refuse_clear_text("MLAPI_ALERT_WEBHOOK_URL", settings.monitoring.alert_webhook_url, insecure)
    _refuse_clear_text("MLAPI_RATE_LIMIT_STORE", settings.api.rate_limit_store.get_secret_value(), insecure)
    if settings.database_url is not None:
        _refuse_clear_text("MLAPI_DATABASE_URL", settings.database_url.get_secret_value(), insecure)


def _refuse_weak_keys(settings: "Settings") -> None:
    for key in settings.api.keys:
        value = key.get_secret_value().partition(";")[0]
        if not value.startswith("sha256:") and is_weak(value):
            raise SettingsError(
                "MLAPI_API_KEYS",
                f"a key is a placeholder or shorter than {SHORTEST_KEY} characters; `mlapi keys create` makes one",
            )


def is_weak(key: str) -> bool:
    """Whether a key is short, one repeated pair of letters at most, or holds a placeholder's words."""
    folded = key.casefold()
    return len(key) < SHORTEST_KEY or len(set(folded)) < 5 or any(word in folded for word in PLACEHOLDERS)


def _refuse_clear_text(setting: str, address: str, insecure: tuple[str, ...]) -> None:
    parts = urlsplit(address)
    host = parts.hostname
    clear = parts.scheme in ("http", "redis") or (parts.scheme.startswith("postgres") and not _encrypted(parts.query))
    if clear and host and not _is_loopback(host) and host not in insecure:
        raise SettingsError(
            setting, f"host {host!r} is reached without TLS; use TLS or name it in MLAPI_INSECURE_HOSTS"
        )


def _encrypted(query: str) -> bool:
    return parse_qs(query).get("sslmode", ["prefer"])[-1] in ENCRYPTED


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
