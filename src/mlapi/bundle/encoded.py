"""What an encoder gives: the matrix, and what it made missing on the way."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from mlapi.bundle.types import Matrix


class UnknownCell(NamedTuple):
    """A category that training has not seen, scored as missing."""

    row: int
    feature: str


class Encoded(msgspec.Struct, frozen=True):
    """A matrix, and the cells that count as missing in it because their category is unknown, by row."""

    matrix: Matrix
    unknown: tuple[UnknownCell, ...]
