"""The lines of JSON between `isolated` and its child."""

from __future__ import annotations

import msgspec


class Opening(msgspec.Struct, frozen=True):
    """The first line to the child: what to open; on its command line a password would be seen by everybody."""

    address: str
    state_dir: str
    tracking_uri: str | None


class Call(msgspec.Struct, frozen=True):
    """Every further line to the child."""

    method: str
    arguments: list[str]


class Answer(msgspec.Struct, frozen=True):
    """A line from the child: a value, or an error by its class and what it is made from."""

    value: msgspec.Raw = msgspec.Raw(b"null")
    error: str | None = None
    made_from: list[str | int | None] = []
