"""What every request keeps to, whoever sends it: one Host, HTTPS where it is asked for, an origin that may call."""

from collections.abc import Container, Sequence
from functools import lru_cache
from typing import Final

from mlapi.app.api.exchange import Exchange, FixedPairs, Reply
from mlapi.app.api.peer import Peer, Proxies
from mlapi.app.core.errors import HttpsRequired, InvalidRequest, OriginNotAllowed

HOST_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_:[]")
DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
# An answer is data: no browser shall take it for another type, run anything in it, show it in a frame or keep it
# (OWASP REST Security Cheat Sheet). Pages that are meant to be shown bring policies of their own.
SAFE: Final[FixedPairs] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
    (b"vary", b"Origin"),
)
HSTS: Final[FixedPairs] = ((b"strict-transport-security", b"max-age=31536000"),)
EXPOSED: Final = b"X-Request-ID, X-Model-Version, RateLimit, RateLimit-Policy, Retry-After, Deprecation, Sunset, Link"
MAY_SEND: Final = (
    b"Accept, Authorization, Content-Type, Inference-Header-Content-Length, X-Prediction-Log, X-Request-ID, "
    b"X-Traffic-Label, traceparent, tracestate"
)
PREFLIGHT: Final[FixedPairs] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST"),
    (b"access-control-allow-headers", MAY_SEND),
    (b"access-control-max-age", b"600"),
)


class Border:
    """Lets a request in, or refuses it before anybody asks for a key."""

    def __init__(
        self,
        proxies: Proxies,
        *,
        https_only: bool,
        also_plain: Container[str] = (),
        public_url: str | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        """Take the rules.

        Args:
            proxies: whose word counts on who the client is.
            https_only: whether plain HTTP is refused.
            also_plain: paths that are answered over plain HTTP nevertheless.
            public_url: the service's own origin; else scheme and Host of each request.
            origins: of web pages that may call beside the service's own.
        """
        self._proxies = proxies
        self._https_only = https_only
        self._also_plain = also_plain
        self._own = _without_default_port(public_url) if public_url else None
        self._origins = frozenset(map(_without_default_port, origins))
        self._plain, self._secure = SAFE, (*SAFE, *HSTS)

    def enter(self, exchange: Exchange) -> Reply | None:
        """Note who asks and what every answer shall carry.

        Returns:
            The answer to a preflight (Fetch standard, "CORS-preflight request"), which needs no key; else None.

        Raises:
            InvalidRequest: no Host, or not exactly one valid.
            HttpsRequired: plain HTTP. OriginNotAllowed: a page of somebody else.
        """
        exchange.peer = peer = self._proxies.peer(exchange.scope, exchange.headers)
        secure = peer.scheme == "https"
        exchange.common = self._secure if secure else self._plain
        if not is_host(peer.host) and (peer.host or exchange.scope.get("http_version") != "1.0"):
            raise InvalidRequest("Send exactly one Host header, with a valid name")
        if self._https_only and not secure and exchange.path not in self._also_plain:
            raise HttpsRequired
        origin = exchange.headers.get(b"origin")
        return None if origin is None else self._admit(exchange, peer, origin)

    def _admit(self, exchange: Exchange, peer: Peer, origin: bytes) -> Reply | None:
        text = origin.decode("latin-1")
        own = self._own or _without_default_port(f"{peer.scheme}://{peer.host}")
        if text != own and text not in self._origins:
            raise OriginNotAllowed
        allowed = ((b"access-control-allow-origin", origin), (b"access-control-expose-headers", EXPOSED))
        exchange.common = (*exchange.common, *allowed)
        if exchange.method == "OPTIONS" and b"access-control-request-method" in exchange.headers:
            return Reply(204, b"", list(PREFLIGHT))
        return None


@lru_cache(maxsize=1024)
def is_host(host: str) -> bool:
    """Whether a text is one host, with or without a port; a comma would be a second one."""
    return 0 < len(host) <= 255 and HOST_LETTERS.issuperset(host)


def _without_default_port(origin: str) -> str:
    """As browsers spell it: they leave a scheme's own port out."""
    return origin.removesuffix(DEFAULT_PORTS.get(origin.partition(":")[0], ""))
