"""A holder of an API key, as a record (nothing writes it yet)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class UserRecord:
    """One API key at rest.

    Attributes:
        key_id: what logs show.
        digest: SHA-256 of the key, 32 bytes; the key itself is kept nowhere.
        owner: a person or a system.
        scopes: among `predict`, `read` and `admin`.
        expires_at: UTC; None never expires.
    """

    key_id: str
    digest: bytes
    owner: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
