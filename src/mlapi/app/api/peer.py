"""Who speaks to us, and how: through proxies that are trusted, and through no others."""

import ipaddress
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from starlette.types import Scope

UNKNOWN: Final = "unknown"  # a socket without addresses, such as a Unix one
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Peer(NamedTuple):
    """The client at the far end.

    Attributes:
        address: its IP address, of which proxies that are not trusted could tell anything.
        scheme: `http` or `https`, as the client speaks it.
        host: the Host header that the client sent, in lower case.
    """

    address: str
    scheme: str
    host: str


class Proxies:
    """The proxies whose `X-Forwarded-For`, `-Proto` and `-Host` count; anybody else's are what a client made up."""

    def __init__(self, trusted: Sequence[str]) -> None:
        """Take addresses or networks, such as `10.0.0.0/8`; ValueError for what is none."""
        self._networks = tuple(ipaddress.ip_network(one) for one in trusted)
        self._trusts = lru_cache(maxsize=4096)(self._lies_within)

    def peer(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Peer:
        """Tell who sent a request."""
        client = scope.get("client")
        address: str = client[0] if client else UNKNOWN
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if not self._networks or not self._trusts(address):
            return Peer(address, scope["scheme"], host)
        return Peer(
            self._nearest_unknown(headers.get(b"x-forwarded-for", b""), address),
            _last(headers.get(b"x-forwarded-proto")) or scope["scheme"],
            _last(headers.get(b"x-forwarded-host")) or host,
        )

    def _nearest_unknown(self, forwarded: bytes, proxy: str) -> str:
        """The last address of the list that is no trusted proxy's: those before it are the client's own words."""
        for part in reversed(forwarded.decode("latin-1").split(",")):
            address = _plain(part)
            if address is None:
                return proxy
            if not self._trusts(address):
                return address
            proxy = address
        return proxy

    def _lies_within(self, address: str) -> bool:
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._networks)


def _last(value: bytes | None) -> str:
    """What the nearest proxy has added."""
    return (value or b"").decode("latin-1").rpartition(",")[2].strip().lower()


def _plain(text: str) -> str | None:
    """An address without the port that some proxies add; None for what is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    parsed = _parse(text)
    return None if parsed is None else str(parsed)


def _parse(text: str) -> Address | None:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
