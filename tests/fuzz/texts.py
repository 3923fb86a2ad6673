"""Strings as bodies may spell them: plain, escaped, and what UTF-8 or JSON forbids."""

from __future__ import annotations

import json
from random import Random
from typing import Final

from tests.fuzz.words import raw, texts

STRAY: Final = raw("stray")
ESCAPES: Final = raw("escapes")
UNKNOWN: Final = texts("unknown")


def spelled(rng: Random, text: str, *, odd: bool) -> bytes:
    """Spell a text: as writers do, or oddly, which half of the time is not allowed."""
    if not odd:
        return json.dumps(text, ensure_ascii=rng.random() < 0.1).encode()
    if rng.random() < 0.3:
        return f'"{text}"'.encode()
    if rng.random() < 0.5:
        return f'"{"".join(_escaped(rng, letter) for letter in text)}"'.encode()
    inside = bytearray(json.dumps(text, ensure_ascii=False).encode()[1:-1])
    place = rng.randint(0, len(inside))
    inside[place:place] = rng.choice(STRAY) if rng.random() < 0.5 else rng.choice(ESCAPES)
    return b'"' + bytes(inside) + b'"'


def _escaped(rng: Random, letter: str) -> str:
    """Perhaps as an escape that means the same."""
    if rng.random() < 0.6:
        return json.dumps(letter, ensure_ascii=False)[1:-1]
    units = letter.encode("utf-16-be")
    codes = (units[place : place + 2].hex() for place in range(0, len(units), 2))
    return "".join("\\u" + (code if rng.random() < 0.5 else code.upper()) for code in codes)
