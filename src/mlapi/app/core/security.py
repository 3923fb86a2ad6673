"""Who asks, and the API keys by which the service knows it: SHA-256 digests, never the keys themselves."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final, NamedTuple

from mlapi.ops.key_entry import KeyEntry

PREDICT, READ, ADMIN = "predict", "read", "admin"
ALL_SCOPES = frozenset({PREDICT, READ, ADMIN})
INDEXED: Final = 8  # bytes of a digest that keys are found by


class Principal(NamedTuple):
    """Who asks, whatever the credential was. `key_id` is what logs may show."""

    key_id: str
    scopes: frozenset[str]


class KeyTable:
    """The keys of one moment, found in the same time whether there is one or a thousand.

    A key is found by the first bytes of its SHA-256, then the whole digests are compared in constant time. What the
    look-up's duration could tell is how a digest begins, which tells nothing of the key: whoever wants a key whose
    digest begins like a given one has to try 2^64 of them.
    """

    def __init__(self, entries: Iterable[KeyEntry] = ()) -> None:
        """Take the keys; of two with the same digest the first one counts."""
        self._known: dict[bytes, tuple[KeyEntry, Principal]] = {}
        for entry in entries:
            self._known.setdefault(entry.digest[:INDEXED], (entry, Principal(entry.id, entry.scopes)))

    def __len__(self) -> int:
        return len(self._known)

    def find(self, key: bytes) -> tuple[KeyEntry, Principal] | None:
        """The entry of a key, which may have expired, or None."""
        return self.find_digest(digest_of(key))

    def find_digest(self, digest: bytes) -> tuple[KeyEntry, Principal] | None:
        """The same for the SHA-256 of a key."""
        found = self._known.get(digest[:INDEXED])
        return found if found is not None and hmac.compare_digest(found[0].digest, digest) else None


def digest_of(key: bytes) -> bytes:
    """What a key is known by: its SHA-256."""
    return hashlib.sha256(key).digest()
