"""Settings of the prediction service."""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mlapi.ops.errors import SettingsError
from mlapi.ops.fields import Names, Secret, Secrets, Section, about
from mlapi.ops.key_entry import read_text

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class APIConfig(Section, frozen=True, kw_only=True):
    """How the service listens, whom it answers, which model it serves and how much it takes at once."""

    host: Annotated[str, about("address to listen on; containers set `0.0.0.0`")] = "127.0.0.1"
    port: Annotated[int, about("TCP port to listen on; 0 takes a free one", ge=0, le=65_535)] = 8000
    workers: Annotated[int, about("worker processes behind the port; 0 for one a core", ge=0, le=256)] = 1
    model_name: (
        Annotated[str, about("registered model to serve", shown="the only model of the store", min_length=1)] | None
    ) = None
    model_stage: Annotated[str, about("alias to follow: `production` or `staging`", min_length=1)] = "production"
    api_key: Annotated[Secret, about("one API key, beside those of `api_keys`")] | None = None
    api_keys: Annotated[
        Secrets, about("API keys or digests `sha256:<hex>`, separated by commas; `;scopes=…` may follow")
    ] = ()
    log_level: Annotated[
        LogLevel, about("least level that is logged: `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`")
    ] = "INFO"
    cors_origins: Annotated[Names, about("origins of web pages that may call, separated by commas; no patterns")] = ()
    https_only: Annotated[bool, about("answer 403 to plain HTTP", shown="true in production")] = False
    public_url: Annotated[str, about("address that clients use, such as `https://ml.example.org`")] | None = None
    trusted_proxies: Annotated[
        Names, about("addresses or networks whose `X-Forwarded-*` headers count, separated by commas")
    ] = ()
    docs_public: Annotated[bool, about("show `/docs` without a key in production too")] = False
    max_body_bytes: Annotated[int, about("largest body of a request, in bytes", ge=1024)] = 1_048_576
    max_rows: Annotated[int, about("rows of one request at most", ge=1, le=1_000_000)] = 1000
    max_explained_rows: Annotated[int, about("rows of one request at most where explanations are asked for", ge=1)] = (
        100
    )
    max_depth: Annotated[int, about("nesting of a body at most", ge=3, le=200)] = 32
    rate_limit_per_key: Annotated[int, about("requests of one key within the window; 0 for no limit", ge=0)] = 0
    rate_limit_per_peer: Annotated[int, about("requests of one address within the window; 0 for no limit", ge=0)] = 0
    rate_limit_window_s: Annotated[float, about("seconds of that window", gt=0)] = 60.0
    rate_limit_store: Annotated[
        Secret,
        about(
            "where requests are counted: `memory` of each worker, `redis://…`, or `gateway` for in front of the service"
        ),
    ] = Secret("memory")
    max_concurrent_per_key: Annotated[int, about("requests of one key under way in a worker; 0 for no limit", ge=0)] = 0
    tls_cert: (
        Annotated[Path, about("PEM file of the certificate chain, where the service itself speaks TLS")] | None
    ) = None
    tls_key: Annotated[Path, about("PEM file of that certificate's private key")] | None = None
    keep_alive_s: Annotated[
        int,
        about("seconds that a connection without a request is kept; more than a load balancer in front keeps it", ge=1),
    ] = 75
    request_timeout_s: Annotated[float, about("seconds a request may take before it gets 504", gt=0)] = 10.0

    @property
    def keys(self) -> tuple[Secret, ...]:
        """Every key that may be used, from `api_key` and `api_keys`."""
        return (*((self.api_key,) if self.api_key else ()), *self.api_keys)

    def __post_init__(self) -> None:
        """Refuse what no type tells.

        Raises:
            SettingsError: names the first setting that cannot be used.
        """
        for origin in self.cors_origins:
            if not _is_origin(origin):
                raise SettingsError(
                    "MLAPI_CORS_ORIGINS",
                    "give whole origins such as https://app.example.org: no '*', 'null', path or pattern",
                )
        if not all(map(_is_network, self.trusted_proxies)):
            raise SettingsError("MLAPI_TRUSTED_PROXIES", "give addresses or networks such as 10.0.0.0/8")
        store = self.rate_limit_store.get_secret_value()
        if store not in ("memory", "gateway") and not is_redis(store):
            raise SettingsError("MLAPI_RATE_LIMIT_STORE", "give memory, gateway or redis://host:6379/0")
        if self.public_url is not None:
            url = self.public_url.rstrip("/")
            if not _is_origin(url):
                raise SettingsError("MLAPI_PUBLIC_URL", "give scheme and host only, such as https://ml.example.org")
            msgspec.structs.force_setattr(self, "public_url", url)
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError(
                "MLAPI_TLS_KEY", "give certificate and key, MLAPI_TLS_CERT and MLAPI_TLS_KEY, or neither"
            )
        _check_keys(self.keys)


def _check_keys(keys: tuple[Secret, ...]) -> None:
    for key in keys:
        try:
            read_text(key.get_secret_value())
        except ValueError as error:
            raise SettingsError("MLAPI_API_KEYS", str(error)) from None


def is_redis(text: str) -> bool:
    """Whether a text is the address of a Redis."""
    return text.startswith(("redis://", "rediss://", "unix://"))


def _is_network(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _is_origin(text: str) -> bool:
    """Whether a text is a web origin, scheme://host[:port] (RFC 6454 §6.2), without any pattern."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        port_given = parts.port is not None
    except ValueError:
        return False
    host = parts.hostname or ""
    rebuilt = f"{parts.scheme}://{parts.netloc}"
    plain = re.fullmatch(r"[a-z0-9.:_-]+", host) is not None and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and plain and rebuilt == text and (port_given or not text.endswith(":"))
