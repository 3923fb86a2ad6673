"""What generated bodies and requests are made of (`words.json`); bytes stand there as Latin-1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_WORDS: Final[Mapping[str, list[Any]]] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


def texts(name: str) -> Sequence[str]:
    """Give a list of texts."""
    return _WORDS[name]


def raw(name: str) -> Sequence[bytes]:
    """Give a list as bytes."""
    return [word.encode("latin-1") for word in _WORDS[name]]


def pairs(name: str) -> Sequence[tuple[bytes, bytes]]:
    """Give a list of headers."""
    return [(key.encode("latin-1"), value.encode("latin-1")) for key, value in _WORDS[name]]
