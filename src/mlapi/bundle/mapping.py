"""Large files of a bundle, mapped: the processes that serve one model share their pages."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Final

LEAST_BYTES: Final = 64 * 1024  # below, a mapping of whole pages saves little


def shared(path: Path, content: bytes) -> bytes | memoryview:
    """Give the same bytes, from the file that they were read from where that is worth it.

    Nobody writes to a bundle's files: they come by a rename, and go by a removal, which a mapping outlives.

    Args:
        path: of the file.
        content: its bytes, verified.

    Returns:
        A read-only view of the file, equal to `content`; `content` where it is small, or the file is another.
    """
    if len(content) < LEAST_BYTES:
        return content
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # it is gone, or empty
        return content
    view = memoryview(mapped)
    if view != content:
        return content
    mapped.madvise(mmap.MADV_DONTNEED)  # what is read again is found in the system's cache
    return view
