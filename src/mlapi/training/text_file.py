"""Text files, plain or compressed: gzip and Zstandard are known by a file's first bytes, whatever its name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from mlapi.training.errors import DataFileError

CODECS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
FIRST_BYTES = max(map(len, CODECS))


def open_bytes(path: Path) -> pa.NativeFile:
    """Open a file for reading its bytes, decompressed where it is compressed.

    Raises:
        OSError: the file cannot be opened; later, that what is compressed is cut off or damaged.
    """
    with path.open("rb") as file:
        start = file.read(FIRST_BYTES)
    raw = pa.OSFile(str(path))
    codec = next((codec for magic, codec in CODECS.items() if start.startswith(magic)), None)
    return raw if codec is None else pa.CompressedInputStream(raw, codec)


@contextmanager
def open_text(path: Path, newline: str = "") -> Iterator[TextIO]:
    """Open a file for reading UTF-8 text; a byte order mark is no part of it.

    Args:
        path: the file.
        newline: which line ends are looked for, as `open` takes it.

    Raises:
        DataFileError: from the body, the file cannot be read, is damaged, or is not UTF-8 text.
    """
    try:
        with closing(open_bytes(path)) as data, io.TextIOWrapper(data, encoding="utf-8-sig", newline=newline) as text:
            yield text
    except UnicodeDecodeError as error:
        raise DataFileError(path, f"not UTF-8 text ({_bad_byte(path)}); save it as UTF-8") from error
    except (OSError, csv.Error) as error:
        raise DataFileError(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _bad_byte(path: Path) -> str:
    with closing(open_bytes(path)) as data:
        for number, line in enumerate(io.BufferedReader(data), start=1):
            try:
                line.removesuffix(b"\n").decode("utf-8")
            except UnicodeDecodeError as error:
                return f"line {number} has byte 0x{line[error.start]:02x}"
    return "it ends inside a letter"
