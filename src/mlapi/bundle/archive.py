"""A bundle's files as a directory and as one tar: written whole or not at all, read without trusting a name."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from mlapi.bundle.atomic import replace_directory, staging_directory
from mlapi.bundle.errors import FormatError

# Far beyond any model that this product trains (300 trees are 0.5 MB); they bound what a hostile bundle makes us hold.
MAX_FILES: Final = 64
MAX_TOTAL_BYTES: Final = 1 << 30

_MAX_PATH: Final = 100  # bytes of the name field of a ustar header
_PART: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_PATH: Final = re.compile(rf"{_PART}(/{_PART}){{0,2}}", re.ASCII)
_BLOCK: Final = 512  # bytes; a ustar archive is headers and contents in blocks of this size
_OCTAL: Final = re.compile(rb"([0-7]{1,11})[ \0]*")


def write_directory(path: Path, files: Mapping[str, bytes]) -> None:
    """Make or replace a directory of files; a reader, or a kill at any instant, finds the old one or the new one.

    Args:
        path: the directory; its parent is made where it is missing.
        files: content by path with forward slashes.

    Raises:
        FormatError: an unsafe path, or too many files or bytes; nothing is written then.
        OSError: the disk's own reasons, or the directory exists where the system cannot exchange two (not Linux).
    """
    _check_files(files)
    path.parent.mkdir(parents=True, exist_ok=True)
    with staging_directory(path) as staging:
        for name, content in files.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).write_bytes(content)
        replace_directory(staging, path)


def read_directory(path: Path) -> dict[str, bytes]:
    """Read every file below a directory, following no symbolic link inside it.

    Returns:
        Content by path with forward slashes, sorted.

    Raises:
        FormatError: a symbolic link, pipe, socket or device, an unsafe name, or too many files or bytes.
        OSError: the directory or a file cannot be read.
    """
    files: dict[str, bytes] = {}
    for name, entry in _walk(path, ""):
        files[name] = _read_file(entry, MAX_TOTAL_BYTES - sum(map(len, files.values())))
        _check_files(files)
    return dict(sorted(files.items()))


def pack(files: Mapping[str, bytes]) -> bytes:
    """Give one tar of some files; equal files give equal bytes.

    Returns:
        POSIX ustar, uncompressed: sorted names, mode 0644, owner and time 0.

    Raises:
        FormatError: an unsafe path, or too many files or bytes.
    """
    import tarfile  # and with it three compressors that serving has no use for

    _check_files(files)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in sorted(files.items()):
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Read a tar that `pack` could have made.

    Read by hand and not with tarfile: only the one kind of member that a bundle has is understood, so that links,
    devices, sparse files, pax and GNU extensions, base-256 sizes and compressed archives have no code to reach.

    Raises:
        FormatError: anything but regular files with safe names, a name twice, a wrong checksum, or a truncated archive.
    """
    files: dict[str, bytes] = {}
    position = 0
    while (header := data[position : position + _BLOCK]).strip(b"\0"):
        name, size_bytes = _read_header(header)
        start = position + _BLOCK
        position = start + -(-size_bytes // _BLOCK) * _BLOCK
        if position > len(data):
            raise FormatError(name, "the archive ends in the middle of it")
        if name in files:
            raise FormatError(name, "stands in the archive twice")
        files[name] = data[start : start + size_bytes]
        _check_files(files)
    if len(header) < _BLOCK or data[position:].strip(b"\0"):
        raise FormatError("archive", "does not end as a tar does")
    return files


def _check_files(files: Mapping[str, bytes]) -> None:
    for name in files:
        if len(name) > _MAX_PATH or not _PATH.fullmatch(name):
            raise FormatError(
                ascii(name[:_MAX_PATH]), "is not a safe path of letters, digits, dot, dash and underscore"
            )
    lower = {name.lower() for name in files}
    if len(lower) != len(files):
        raise FormatError("bundle", "two files have names that differ in case only")
    if not lower.isdisjoint(name.rpartition("/")[0] for name in lower):
        raise FormatError("bundle", "a file has the name of a folder")
    if len(files) > MAX_FILES:
        raise FormatError("bundle", f"has more than {MAX_FILES} files")
    if sum(map(len, files.values())) > MAX_TOTAL_BYTES:
        raise FormatError("bundle", f"is larger than {MAX_TOTAL_BYTES} bytes")


def _walk(path: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(path) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False) and name.count("/") < 2:
                yield from _walk(Path(entry.path), name + "/")
            elif entry.is_file(follow_symlinks=False):
                yield name, entry
            else:
                raise FormatError(ascii(name[:_MAX_PATH]), "is not a regular file")


def _read_file(entry: os.DirEntry[str], left_bytes: int) -> bytes:
    """Read one byte more than is left at most: enough to know that it is too much."""
    with os.fdopen(os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        return file.read(min(size_bytes, left_bytes) + 1)


def _read_header(header: bytes) -> tuple[str, int]:
    """Give the name and the size of a regular file (the layout is the table of POSIX.1-2017, pax, "ustar")."""
    name = header[:100].rstrip(b"\0").decode("latin-1")
    size, checksum = _OCTAL.fullmatch(header[124:136]), _OCTAL.fullmatch(header[148:156])
    if len(header) < _BLOCK or size is None or checksum is None:
        raise FormatError("archive", "is no tar of plain files")
    if int(checksum[1], 8) != sum(header) - sum(header[148:156]) + 8 * ord(" "):
        raise FormatError("archive", "a header's checksum is wrong")
    # type "0" is a regular file; a link's target and a name's prefix are fields that a bundle has no use for
    if header[156:157] != b"0" or header[157:257].strip(b"\0") or header[345:500].strip(b"\0"):
        raise FormatError(ascii(name), "is not a regular file")
    return name, int(size[1], 8)
