"""A directory that appears whole: staged beside its place, flushed to the disk, renamed."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

# From linux/fs.h and fcntl.h: swap two names in one step, both relative to the working directory.
_RENAME_EXCHANGE: Final = 2
_AT_FDCWD: Final = -100
_SUFFIX: Final = ".new"


@contextmanager
def staging_directory(path: Path) -> Iterator[Path]:
    """Give an empty directory beside a path; what is left of it afterwards is removed.

    Its name begins with a dot and it is locked (flock) while in use, so that what a killed process left can be told
    from what a live one is writing: the former is unlocked and is removed here, before the new one is made.
    """
    _sweep(path)
    staging, lock = _claim(path)
    try:
        yield staging
    finally:
        _remove(staging)  # after a rename it is gone, after an exchange it holds the old files
        os.close(lock)


def replace_directory(staging: Path, path: Path) -> None:
    """Put a staged directory in its place, in one step, and flush the change of names to the disk.

    Raises:
        OSError: the path exists and is no directory, or the system or file system cannot exchange two directories.
    """
    for folder, _, names in os.walk(staging, topdown=False):
        for name in names:
            sync(Path(folder, name))
        sync(Path(folder))
    try:
        staging.rename(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        _exchange(staging, path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Flush a file's content, or a directory's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _exchange(one: Path, other: Path) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(
        libc, "renameat2"
    ):  # glibc older than 2.28, or not Linux: a version directory is never rewritten there
        raise FileExistsError(errno.EEXIST, "the directory exists and cannot be replaced in one step here", str(other))
    if libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))


def _claim(path: Path) -> tuple[Path, int]:
    """Make and lock a staging directory; again, where another process swept it away between the two."""
    while True:
        staging = path.with_name(f".{path.name}.{os.urandom(8).hex()}{_SUFFIX}")
        staging.mkdir()
        with suppress(FileNotFoundError, BlockingIOError):
            lock = _lock(staging)
            if staging.exists():
                return staging, lock
            os.close(lock)


def _sweep(path: Path) -> None:
    """Remove what killed processes left of staging directories of this path."""
    for sibling in path.parent.iterdir():
        if sibling.name.startswith(f".{path.name}.") and sibling.name.endswith(_SUFFIX):
            with suppress(OSError):  # locked by a live process, or renamed by it this moment
                lock = _lock(sibling)
                _remove(sibling)
                os.close(lock)


def _lock(directory: Path) -> int:
    """Give an open descriptor that holds the lock.

    Raises:
        BlockingIOError: another process holds it.
    """
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock
