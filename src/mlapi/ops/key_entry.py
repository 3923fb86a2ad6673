"""An API key as it is configured: in one text, or in an entry of a file.

    mlk_Zk3…                                               every scope, for ever
    sha256:9f86d0…;scopes=predict+read;owner=web;expires=2027-01-31;id=web-1

A key's own id is the part that `mlapi keys create` puts in front of its secret; a digest tells no id, so an entry may
name it, and where nobody does the id is the first eight digits of the digest.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

HASHED: Final = "sha256:"
SCOPES: Final = frozenset({"predict", "read", "admin"})
FIELDS: Final = ("id", "scopes", "owner", "expires")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_OWN_ID = re.compile(r"mlk_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class KeyEntry(NamedTuple):
    """A key at rest.

    Attributes:
        id: what logs may show.
        digest: 32 bytes, SHA-256 of the key's UTF-8 text.
        scopes: among `predict`, `read`, `admin`.
        owner: a person or a system, empty where nobody said.
        expires_at: seconds since 1970; None never expires.
    """

    id: str
    digest: bytes
    scopes: frozenset[str] = SCOPES
    owner: str = ""
    expires_at: float | None = None


def read_text(text: str) -> KeyEntry:
    """Read one text; ValueError says what is wrong with it and holds nothing of it."""
    value, *parts = text.split(";")
    given = dict(part.strip().partition("=")[::2] for part in parts)
    unknown = sorted(given.keys() - set(FIELDS))
    if unknown:
        raise ValueError(f"after a key may stand {', '.join(f';{name}=' for name in FIELDS)} and nothing else")
    scopes = given.get("scopes")
    return read_value(
        value.strip(),
        id_=given.get("id"),
        scopes=None if scopes is None else scopes.split("+"),
        owner=given.get("owner", ""),
        expires=given.get("expires"),
    )


def read_fields(entry: Mapping[str, object]) -> KeyEntry:
    """Read an entry of a file: `key` or `sha256`, and the fields; ValueError as `read_text`."""
    digest = entry.get("sha256")
    value = entry.get("key") if digest is None else f"{HASHED}{digest}"
    scopes = entry.get("scopes")
    if not isinstance(value, str) or not (scopes is None or isinstance(scopes, list)):
        raise ValueError("an entry has 'key' or 'sha256', and 'scopes' is a list")
    given = {name: str(entry[name]) for name in ("id", "owner", "expires") if entry.get(name) is not None}
    return read_value(
        value,
        id_=given.get("id"),
        scopes=None if scopes is None else [str(scope) for scope in scopes],
        owner=given.get("owner", ""),
        expires=given.get("expires"),
    )


def read_value(
    value: str,
    *,
    id_: str | None = None,
    scopes: Iterable[str] | None = None,
    owner: str = "",
    expires: str | None = None,
) -> KeyEntry:
    """Put an entry together from its parts; ValueError as `read_text`."""
    digest = _digest(value)
    own = _OWN_ID.fullmatch(value)
    named = id_ or (own[1] if own else digest.hex()[:8])
    if not _ID.fullmatch(named):
        raise ValueError("the id of a key is 1 to 64 letters, digits, '.', '_' or '-'")
    allowed = SCOPES if scopes is None else frozenset(scopes)
    if not allowed or not allowed <= SCOPES:
        raise ValueError(f"the scopes of a key are some of {', '.join(sorted(SCOPES))}")
    return KeyEntry(named, digest, allowed, owner, None if expires is None else read_instant(expires))


def read_instant(text: str) -> float:
    """Seconds since 1970 of `2027-01-31` (its first second, UTC) or an RFC 3339 instant; ValueError for another."""
    try:
        if len(text) == len("2027-01-31"):
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).timestamp()
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a key expires at a date such as 2027-01-31, or at an RFC 3339 instant") from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()


def _digest(value: str) -> bytes:
    if not value.startswith(HASHED):
        if not value:
            raise ValueError("a key is empty")
        return hashlib.sha256(value.encode()).digest()
    found = _DIGEST.fullmatch(value)
    if found is None:
        raise ValueError("a hashed key is 'sha256:' and 64 hexadecimal digits in lower case")
    return bytes.fromhex(found[1])
