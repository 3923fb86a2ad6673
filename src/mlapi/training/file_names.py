"""What a file's name says: the ending of its format, and of its compression."""

from __future__ import annotations

from pathlib import PurePath

COMPRESSIONS = (".gz", ".zst")


def uncompressed(name: str) -> str:
    """Give a file's name without the ending of its compression: `adult.csv` for `adult.csv.gz`."""
    suffix = PurePath(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in COMPRESSIONS else name


def stem(name: str) -> str:
    """Give a file's name without the endings of compression and format: `adult` for `adult.csv.gz`."""
    return PurePath(uncompressed(name)).stem
