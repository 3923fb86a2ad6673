"""Files from HTTP and S3, kept on this machine: whole or not at all, and asked for again when they break off."""

from __future__ import annotations

import hashlib
import http.client
import secrets
import shutil
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from mlapi.training.address import check_safe, file_name
from mlapi.training.errors import AddressAway, AddressError
from mlapi.training.retrying import patiently

T = TypeVar("T")
TIMEOUT_S = 30.0  # of one wait for bytes; a large file may take as many as it needs
PIECE_BYTES = 1 << 20
BUSY = (408, 425, 429)


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to safe addresses only."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """See the base class; raises AddressError."""
        check_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Downloads:
    """A folder of files by the address that they came from."""

    def __init__(self, folder: Path, s3: Callable[[], Any]) -> None:
        """Say where files are kept, and how to get an S3 client should one be needed."""
        self._folder = folder
        self._s3 = s3
        self._open = urllib.request.build_opener(Redirects()).open

    def fetch(self, address: str, sha256: str | None = None) -> Path:
        """Give a file's local copy; what was fetched before is used again only where its sha256 is given and right.

        Raises:
            AddressError: there is no such file, it has another sha256, or the address is none that is taken.
        """
        name = file_name(address)
        if not name:
            raise AddressError(address, "names no file")
        path = self._folder / hashlib.sha256(address.encode()).hexdigest()[:16] / name
        if sha256 and path.is_file() and digest(path, "sha256") == sha256:
            return path
        self._written(path, address, lambda part: self._copy(address, part), sha256)
        return path

    def get(self, address: str) -> bytes:
        """Give the body of a small answer; raises as `fetch`."""
        check_safe(address)

        def ask() -> bytes:
            with self._answer(address) as answer:
                body: bytes = answer.read()
                return body

        return patiently(lambda: _told(address, ask), away=(AddressAway,))

    def _written(self, path: Path, address: str, copy: Callable[[Path], None], sha256: str | None) -> None:
        """Write beside the file, check, and put in its place."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{secrets.token_hex(4)}.part")
        try:
            patiently(lambda: _told(address, lambda: copy(part)), away=(AddressAway,))
            if sha256 and (found := digest(part, "sha256")) != sha256:
                raise AddressError(address, f"has the sha256 {found}, and not the given one; nothing was kept")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _copy(self, address: str, part: Path) -> None:
        if address.startswith("s3://"):
            bucket, key = urlsplit(address).netloc, address.removeprefix("s3://").partition("/")[2]
            self._s3().download_file(bucket, key, str(part))
            return
        check_safe(address)
        with self._answer(address) as answer, part.open("wb") as file:
            shutil.copyfileobj(answer, file, PIECE_BYTES)
            size = answer.headers.get("Content-Length")
            if size is not None and file.tell() != int(size):
                raise AddressAway(address, f"broke off after {file.tell()} of {size} bytes")

    def _answer(self, address: str) -> Any:
        request = urllib.request.Request(address, headers={"User-Agent": "mlapi"})  # noqa: S310  # check_safe has looked
        return self._open(request, timeout=TIMEOUT_S)


def digest(path: Path, algorithm: str) -> str:
    """Give the digest of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _told(address: str, ask: Callable[[], T]) -> T:
    """Ask, and say in one line what went wrong."""
    try:
        return ask()
    except AddressError:
        raise
    except HTTPError as error:
        with error:
            gone = AddressAway if error.code >= 500 or error.code in BUSY else AddressError
            raise gone(address, f"the server answers {error.code} {error.reason}") from error
    except URLError as error:
        raise AddressAway(
            address, f"cannot be reached ({error.reason}); check the network, or use a local file"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise AddressAway(address, f"broke off ({str(error) or type(error).__name__}); try again") from error
    except Exception as error:  # botocore has no one class for what can go wrong, and is not imported without need
        raise _of_s3(address, error) from error


def _of_s3(address: str, error: Exception) -> Exception:
    if not type(error).__module__.startswith(("botocore", "boto3", "s3transfer", "urllib3")):
        return error
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    if code in ("404", "NoSuchKey", "NoSuchBucket"):
        return AddressError(address, "there is no such object")
    if code in ("403", "AccessDenied"):
        return AddressError(address, "may not be read with these credentials")
    return AddressAway(address, f"cannot be read ({str(error).splitlines()[0]})")
