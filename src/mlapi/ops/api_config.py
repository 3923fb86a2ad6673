"""Settings of the prediction service."""

import ipaddress
import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator, model_validator

from mlapi.ops.errors import SettingsError
from mlapi.ops.fields import Names, Secrets, Section, setting
from mlapi.ops.key_entry import read_text

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class APIConfig(Section):
    """How the service listens, whom it answers, which model it serves and how much it takes at once."""

    host: str = setting("127.0.0.1", "address to listen on; containers set `0.0.0.0`")
    port: int = setting(8000, "TCP port to listen on; 0 takes a free one", ge=0, le=65_535)
    workers: int = setting(1, "worker processes behind the port; 0 for one a core", ge=0, le=256)
    model_name: str | None = setting(
        None, "registered model to serve", shown="the only model of the store", min_length=1
    )
    model_stage: str = setting("production", "alias to follow: `production` or `staging`", min_length=1)
    api_key: SecretStr | None = setting(None, "one API key, beside those of `api_keys`")
    api_keys: Secrets = setting((), "API keys or digests `sha256:<hex>`, separated by commas; `;scopes=…` may follow")
    log_level: LogLevel = setting("INFO", "least level that is logged: `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`")
    cors_origins: Names = setting((), "origins of web pages that may call, separated by commas; no patterns")
    https_only: bool = setting(False, "answer 403 to plain HTTP", shown="true in production")
    public_url: str | None = setting(None, "address that clients use, such as `https://ml.example.org`")
    trusted_proxies: Names = setting(
        (), "addresses or networks whose `X-Forwarded-*` headers count, separated by commas"
    )
    docs_public: bool = setting(False, "show `/docs` without a key in production too")
    max_body_bytes: int = setting(1_048_576, "largest body of a request, in bytes", ge=1024)
    max_rows: int = setting(1000, "rows of one request at most", ge=1, le=1_000_000)
    max_explained_rows: int = setting(100, "rows of one request at most where explanations are asked for", ge=1)
    max_depth: int = setting(32, "nesting of a body at most", ge=3, le=1000)
    rate_limit_per_key: int = setting(0, "requests of one key within the window; 0 for no limit", ge=0)
    rate_limit_per_peer: int = setting(0, "requests of one address within the window; 0 for no limit", ge=0)
    rate_limit_window_s: float = setting(60.0, "seconds of that window", gt=0)
    rate_limit_store: SecretStr = setting(
        SecretStr("memory"),
        "where requests are counted: `memory` of each worker, `redis://…`, or `gateway` for in front of the service",
    )
    max_concurrent_per_key: int = setting(0, "requests of one key under way in a worker; 0 for no limit", ge=0)
    tls_cert: Path | None = setting(None, "PEM file of the certificate chain, where the service itself speaks TLS")
    tls_key: Path | None = setting(None, "PEM file of that certificate's private key")
    request_timeout_s: float = setting(10.0, "seconds a request may take before it gets 504", gt=0)

    @property
    def keys(self) -> tuple[SecretStr, ...]:
        """Every key that may be used, from `api_key` and `api_keys`."""
        return (*((self.api_key,) if self.api_key else ()), *self.api_keys)

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _is_origin(origin):
                raise SettingsError(
                    "MLAPI_CORS_ORIGINS",
                    "give whole origins such as https://app.example.org: no '*', 'null', path or pattern",
                )
        return origins

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            if not _is_network(proxy):
                raise SettingsError("MLAPI_TRUSTED_PROXIES", "give addresses or networks such as 10.0.0.0/8")
        return proxies

    @field_validator("rate_limit_store")
    @classmethod
    def _known_store(cls, store: SecretStr) -> SecretStr:
        if store.get_secret_value() in ("memory", "gateway") or is_redis(store.get_secret_value()):
            return store
        raise SettingsError("MLAPI_RATE_LIMIT_STORE", "give memory, gateway or redis://host:6379/0")

    @field_validator("public_url")
    @classmethod
    def _absolute_url(cls, url: str | None) -> str | None:
        if url is not None and not _is_origin(url.rstrip("/")):
            raise SettingsError("MLAPI_PUBLIC_URL", "give scheme and host only, such as https://ml.example.org")
        return url.rstrip("/") if url else None

    @model_validator(mode="after")
    def _readable_keys(self) -> Self:
        for key in self.keys:
            try:
                read_text(key.get_secret_value())
            except ValueError as error:
                raise SettingsError("MLAPI_API_KEYS", str(error)) from None
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError(
                "MLAPI_TLS_KEY", "give certificate and key, MLAPI_TLS_CERT and MLAPI_TLS_KEY, or neither"
            )
        return self


def is_redis(text: str) -> bool:
    """Whether a text is the address of a Redis."""
    return text.startswith(("redis://", "rediss://", "unix://"))


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _is_origin(text: str) -> bool:
    """Whether a text is a web origin, scheme://host[:port] (RFC 6454 §6.2), without any pattern."""
    try:
        parts = urlsplit(text)
        port_given = parts.port is not None
    except ValueError:
        return False
    host = parts.hostname or ""
    rebuilt = f"{parts.scheme}://{parts.netloc}"
    plain = re.fullmatch(r"[a-z0-9.:_-]+", host) is not None and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and plain and rebuilt == text and (port_given or not text.endswith(":"))
