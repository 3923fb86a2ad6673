"""Numbers that are counted in place: in memory, or in a file that outlives the process and that others may read.

The layout, little-endian: 8 bytes of magic, the used size in bytes, the process id, then entries one after another:
size of the key (a multiple of 8, padded by spaces), number of float64 values, the key (JSON), the values. An entry is
whole before the used size covers it, and a value is 8 aligned bytes, so that a reader sees no half of anything.
"""

import json
import os
import struct
from mmap import mmap
from typing import Final

MAGIC: Final = b"mlapi-t1"
HEADER: Final = struct.Struct("<8sQQ")
ENTRY: Final = struct.Struct("<II")
SIZE_BYTES: Final = 4 * 1024 * 1024  # 40,000 counters; a file of it takes only the pages that were written
SCRATCH: Final = 64  # values at the end, for what no longer fits: counted, and seen by nobody

Key = tuple[str, ...]  # the metric's name and its label values
Entries = dict[Key, tuple[float, ...]]


class Tallies:
    """An area of values by key; `values[place]` is read and added to directly."""

    def __init__(self, area: bytearray | mmap | None = None) -> None:
        """Take an area of at least `SCRATCH` values, empty or as another process left it; new memory if None."""
        self._area = mmap(-1, SIZE_BYTES) if area is None else area  # takes no memory until written
        self._places: dict[Key, int] = {}
        self.values = memoryview(self._area).cast("B").cast("d")
        if self._area[: len(MAGIC)] == MAGIC:
            self._places = {key: place for key, place, _ in _walk(self._area)}
        self._used = _used(self._area) if self._places else HEADER.size
        HEADER.pack_into(self._area, 0, MAGIC, self._used, os.getpid())

    def place(self, key: Key, n_values: int = 1) -> int:
        """The index in `values` of the first value of a key, which is made with zeros if it is new.

        Raises:
            ValueError: there is no room for so many values, not even for counting them in vain.
        """
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = self._make(key, n_values)
        return found

    def entries(self) -> Entries:
        """All keys and their values now."""
        return read(bytes(self._area[: self._used]))

    def _make(self, key: Key, n_values: int) -> int:
        text = json.dumps(key).encode()
        text = text.ljust(-len(text) // 8 * -8)
        start = self._used + ENTRY.size + len(text)
        end = start + 8 * n_values
        if end > len(self._area) - 8 * SCRATCH:
            if n_values > SCRATCH:
                raise ValueError("no room for so many values")
            return len(self._area) // 8 - SCRATCH
        ENTRY.pack_into(self._area, self._used, len(text), n_values)
        self._area[self._used + ENTRY.size : start] = text
        self._used = end
        HEADER.pack_into(self._area, 0, MAGIC, self._used, os.getpid())
        return start // 8


def used_bytes(header: bytes) -> int:
    """How much of an area is in use, from its first `HEADER.size` bytes; 0 where it is none."""
    return _used(header) if header[: len(MAGIC)] == MAGIC else 0


def read(content: bytes) -> Entries:
    """Read the entries of an area, at least the part in use; none where it is not one."""
    if content[: len(MAGIC)] != MAGIC:
        return {}
    return {key: struct.unpack_from(f"<{n}d", content, place * 8) for key, place, n in _walk(content)}


def process_of(content: bytes) -> int:
    """Id of the process that last counted in an area; 0 where it is none."""
    return int(HEADER.unpack_from(content)[2]) if content[: len(MAGIC)] == MAGIC else 0


def _used(area: bytes | bytearray | mmap) -> int:
    return int(HEADER.unpack_from(area)[1])


def _walk(area: bytes | bytearray | mmap) -> list[tuple[Key, int, int]]:
    """Key, index of the first value and number of values of every entry."""
    found, at, end = [], HEADER.size, min(_used(area), len(area))
    while at < end:
        n_bytes, n_values = ENTRY.unpack_from(area, at)
        start = at + ENTRY.size + n_bytes
        found.append((tuple(json.loads(bytes(area[at + ENTRY.size : start]))), start // 8, n_values))
        at = start + 8 * n_values
    return found
