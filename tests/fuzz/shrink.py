"""A failing body made as short as it gets."""

from __future__ import annotations

from collections.abc import Callable

FINE = 80  # bytes; pieces up to that long are tried at every place


def shrink(body: bytes, still_fails: Callable[[bytes], bool], *, most: int = 20_000) -> bytes:
    """Cut pieces out, long ones first, as long as it fails still and for `most` tries."""
    tries, size = 0, len(body) // 2
    while size:
        place, step = 0, 1 if size <= FINE else size
        while place < len(body) and tries < most:
            tries += 1
            without = body[:place] + body[place + size :]
            if still_fails(without):
                body = without
            else:
                place += step
        size = min(size - 1, len(body) - 1) if size <= FINE else max(FINE, size // 2)
    return body
