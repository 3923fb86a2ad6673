"""Who is asking: from the credential in a request's headers to a principal."""

import ipaddress
import math
import time
from functools import lru_cache
from typing import Final

from mlapi.app.core.errors import InsufficientScope, RateLimited, Unauthorized
from mlapi.app.core.security import KeyTable, Principal
from mlapi.app.services.buckets import Buckets
from mlapi.app.services.keyring import Keyring
from mlapi.app.services.usage_watch import UsageWatch
from mlapi.ops.key_entry import KeyEntry

IPV6_NETWORK: Final = 64  # bits: whoever has one address of such a network usually has all


class AuthService:
    """Tells keys from guesses, and slows down whoever guesses."""

    def __init__(self, keyring: Keyring, watch: UsageWatch, *, failures_per_minute: int = 10) -> None:
        """Take what it asks.

        Args:
            keyring: the keys.
            watch: is told of every use of a key.
            failures_per_minute: wrong keys of one peer that are answered 401 before the others get 429; 0 for no end.
        """
        self._keyring = keyring
        self._watch = watch
        self._failures = Buckets(failures_per_minute, 60.0) if failures_per_minute else None

    async def authenticate(self, authorization: bytes | None, peer: str) -> Principal:
        """Give the principal of an `Authorization` header's value.

        Args:
            authorization: the value, None where there is no such header.
            peer: address of the client.

        Raises:
            Unauthorized: no header, another scheme than Bearer (RFC 6750), or a key that is unknown or has expired.
            RateLimited: the same, after too many wrong keys of the peer. A valid key is never kept waiting.
        """
        principal = find_key(await self._keyring.fresh(), authorization, time.time())
        if isinstance(principal, str):
            raise self._refusal(principal, peer)
        self.used(principal, peer)
        return principal

    def at_hand(self, digest: bytes) -> Principal | None:
        """Give the principal of a key by its digest; None where that is not certain without waiting."""
        table = self._keyring.at_hand()
        found = None if table is None else valid(table.find_digest(digest), time.time())
        return found if isinstance(found, Principal) else None

    def used(self, principal: Principal, peer: str) -> None:
        """Note that a key has been used."""
        self._keyring.note(principal.key_id)
        self._watch.saw(principal.key_id, peer)

    def _refusal(self, reason: str, peer: str) -> Unauthorized | RateLimited:
        if self._failures is not None and reason != "missing":
            verdict = self._failures.take(network_of(peer))
            if not verdict.allowed:
                return RateLimited(math.ceil(verdict.wait_s))
        return Unauthorized(reason)


def find_key(table: KeyTable, authorization: bytes | None, now: float) -> Principal | str:
    """The principal, or why there is none: `missing`, `malformed`, `unknown` or `expired`, for the log."""
    if authorization is None:
        return "missing"
    key = bearer_key(authorization)
    return "malformed" if key is None else valid(table.find(key), now)


def bearer_key(authorization: bytes) -> bytes | None:
    """The key in the value of an `Authorization` header; None for another scheme than Bearer."""
    scheme, _, key = authorization.partition(b" ")
    return key.strip(b" ") if scheme.lower() == b"bearer" else None


def valid(found: tuple[KeyEntry, Principal] | None, now: float) -> Principal | str:
    """The principal of what was found for a key, or why it is none."""
    if found is None:
        return "unknown"
    entry, principal = found
    return principal if entry.expires_at is None or now < entry.expires_at else "expired"


@lru_cache(maxsize=4096)
def network_of(peer: str) -> str:
    """What limits count a peer by: its address, of an IPv6 address the network."""
    if ":" not in peer:
        return peer
    try:
        return str(ipaddress.ip_network((peer, IPV6_NETWORK), strict=False))
    except ValueError:
        return peer


def require(principal: Principal | None, scope: str) -> None:
    """Ask that whoever calls has a scope.

    Args:
        principal: None on a public path, where nobody is asked.
        scope: `predict`, `read` or `admin`.

    Raises:
        InsufficientScope: the principal lacks it.
    """
    if principal is not None and scope not in principal.scopes:
        raise InsufficientScope(scope)
