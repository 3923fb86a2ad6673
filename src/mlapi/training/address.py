"""Where a table is, if not in a local file: `openml:NAME|ID`, `s3://bucket/key`, `https://…`, `http://` on loopback."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlapi.training.errors import AddressError

OPENML = "openml:"
SCHEMES = (OPENML, "s3://", "https://", "http://")


def placed(text: object) -> object:
    """Give an address as it is, and any other text as a local path."""
    return Path(text) if isinstance(text, str) and not text.startswith(SCHEMES) else text


def file_name(address: str) -> str:
    """Give the last part of an address, which names the table: `adult` for `openml:adult`."""
    if address.startswith(OPENML):
        return address.removeprefix(OPENML)
    return unquote(urlsplit(address).path).rsplit("/", 1)[-1]


def check_safe(address: str) -> None:
    """Refuse what anybody on the way could change.

    Raises:
        AddressError: plain HTTP to another machine, or no HTTP at all.
    """
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        raise AddressError(address, "give an https:// address; http:// is taken for this machine only")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
