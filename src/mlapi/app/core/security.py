"""API keys as the service keeps them: a SHA-256 digest, never the key itself."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import NamedTuple

HASHED = "sha256:"  # prefix of a configured value that is a digest already
PREDICT, READ, ADMIN = "predict", "read", "admin"
ALL_SCOPES = frozenset({PREDICT, READ, ADMIN})


class Principal(NamedTuple):
    """Who asks, whatever the credential was.

    `key_id` is what logs may show: the first eight hexadecimal digits of the key's digest.
    """

    key_id: str
    scopes: frozenset[str]


class StoredKey(NamedTuple):
    """A key at rest."""

    digest: bytes  # 32 bytes, SHA-256 of the key's UTF-8 text
    principal: Principal


def store_key(value: str, scopes: frozenset[str] = ALL_SCOPES) -> StoredKey:
    """Take a configured key, in clear or as `sha256:<64 hexadecimal digits>`.

    Raises:
        ValueError: the part after `sha256:` is no SHA-256 digest.
    """
    digest = _read_digest(value) if value.startswith(HASHED) else digest_key(value.encode())
    return StoredKey(digest, Principal(digest.hex()[:8], scopes))


def digest_key(key: bytes) -> bytes:
    """SHA-256 of a key; keys are long random strings, so no slow hash is needed."""
    return hashlib.sha256(key).digest()


def find_key(keys: Iterable[StoredKey], key: bytes) -> Principal | None:
    """The principal that a key belongs to, or None.

    Every stored digest is compared, each in constant time, so that the time taken tells nothing about the keys.
    """
    digest = digest_key(key)
    found = None
    for stored in keys:
        if hmac.compare_digest(stored.digest, digest):
            found = stored.principal
    return found


def _read_digest(value: str) -> bytes:
    digest = bytes.fromhex(value.removeprefix(HASHED))
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError("a hashed key is 'sha256:' and 64 hexadecimal digits")
    return digest
