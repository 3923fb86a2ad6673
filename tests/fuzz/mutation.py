"""Bodies made from others: bits, bytes, tokens and whole pieces changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from tests.fuzz.words import raw, texts

TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[-+0-9.eE]+|[a-zA-Z]+|\s+|.', re.DOTALL)
PIECES: Final = (
    *raw("tokens"),
    *raw("stray"),
    *raw("escapes"),
    *(number.encode() for name in ("numbers", "no_numbers") for number in texts(name)),
)
LONGEST: Final = 20_000  # bytes; splices would grow for ever


def mutate(rng: Random, body: bytes, others: Sequence[bytes]) -> bytes:
    """Change a body in one to four places; others may lend parts of themselves."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        body = rng.choice(_CHANGES)(rng, body, others)
    return body[:LONGEST]


def _flip(rng: Random, body: bytes, _: Sequence[bytes]) -> bytes:
    if not body:
        return body
    changed = bytearray(body)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _insert(rng: Random, body: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randint(0, len(body))
    return body[:place] + rng.choice(PIECES) + body[place:]


def _delete(rng: Random, body: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randint(0, len(body))
    return body[:place] + body[place + rng.choice((1, 1, 2, 4, 16)) :]


def _truncate(rng: Random, body: bytes, _: Sequence[bytes]) -> bytes:
    return body[: rng.randint(0, len(body))]


def _splice(rng: Random, body: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return body[: rng.randint(0, len(body))] + other[rng.randint(0, len(other)) :]


def _tokens(rng: Random, body: bytes, others: Sequence[bytes]) -> bytes:
    """Swap, double, drop or replace a token."""
    tokens = TOKEN.findall(body)
    if not tokens:
        return body
    first, second = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    match rng.randrange(5):
        case 0:
            tokens[first], tokens[second] = tokens[second], tokens[first]
        case 1:
            tokens.insert(second, tokens[first])
        case 2:
            del tokens[first]
        case 3:
            tokens[first] = rng.choice(PIECES)
        case _:
            tokens[first] = rng.choice(TOKEN.findall(rng.choice(others)) or [b""])
    return b"".join(tokens)


def _stretch(rng: Random, body: bytes, _: Sequence[bytes]) -> bytes:
    """Write a piece of it several times."""
    start = rng.randint(0, len(body))
    end = min(len(body), start + rng.choice((1, 2, 8, 40)))
    return body[:end] + body[start:end] * rng.choice((1, 2, 20)) + body[end:]


_CHANGES: Final[Sequence[Callable[[Random, bytes, Sequence[bytes]], bytes]]] = (
    _flip, _insert, _insert, _delete, _truncate, _splice, _tokens, _tokens, _tokens, _stretch,
)  # fmt: skip
