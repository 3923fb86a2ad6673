"""A bundle's directory as a store takes it in and gives it out: files whose digests have been compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from mlapi.bundle import archive, checks
from mlapi.bundle.checks import Expectation
from mlapi.bundle.contents import Contents
from mlapi.bundle.errors import FormatError, VerificationError


def read_sealed(path: Path, manifest_sha256: str | None = None) -> Contents:
    """Read a bundle's directory and compare every byte with its manifest.

    Args:
        path: the directory.
        manifest_sha256: what `manifest.json` itself must be, where something vouches for it.

    Raises:
        VerificationError: it is no whole bundle, or not the expected one.
    """
    return sealed(lambda: archive.read_directory(path), manifest_sha256)


def sealed(read: Callable[[], Mapping[str, bytes]], manifest_sha256: str | None = None) -> Contents:
    """Read a bundle's files, from wherever they are, and compare every byte with the manifest.

    Args:
        read: gives content by path; may raise FormatError or OSError.
        manifest_sha256: what `manifest.json` itself must be, where something vouches for it.

    Raises:
        VerificationError: they are no whole bundle, or not the expected one.
    """
    try:
        contents = Contents(read())
        checks.digest(contents, Expectation(manifest_sha256))
    except OSError as error:
        raise VerificationError("digest", "digest_mismatch", f"cannot be read: {error.strerror}") from error
    except FormatError as error:
        raise VerificationError("digest", "digest_mismatch", str(error)) from error
    return contents
