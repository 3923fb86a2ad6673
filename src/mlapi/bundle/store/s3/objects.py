"""Objects below one prefix of a bucket: read whole or not at all, written only if they are still what was seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, Protocol

from mlapi.bundle.archive import MAX_TOTAL_BYTES
from mlapi.bundle.chance import uniform
from mlapi.bundle.errors import StoreUnavailable

_READS: Final = 4  # of a body that breaks off; the client itself repeats what fails before the body only
_LONGEST_REASON: Final = 300


class Client(Protocol):
    """As much of boto3's S3 client as is used."""

    def get_object(self, **arguments: Any) -> dict[str, Any]:
        """GetObject."""
        ...

    def put_object(self, **arguments: Any) -> dict[str, Any]:
        """PutObject."""
        ...

    def list_objects_v2(self, **arguments: Any) -> dict[str, Any]:
        """ListObjectsV2."""
        ...


class Stored(NamedTuple):
    """An object: its bytes, and the tag that says whether it is still these."""

    content: bytes
    etag: str


class Objects:
    """One bucket's objects below a prefix; every method may raise StoreUnavailable."""

    def __init__(
        self, connect: Callable[[], Client], bucket: str, prefix: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Say where; nothing is asked yet.

        Args:
            connect: gives the client, on first use; it repeats failed calls by itself.
            bucket: its name.
            prefix: before every key, without a slash at either end; may be empty.
            sleep: waits between the reads of a body that breaks off, seconds.
        """
        self._connect = connect
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._sleep = sleep
        self._client: Client | None = None

    @property
    def description(self) -> str:
        """Bucket and prefix."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def read(self, key: str) -> Stored | None:
        """Give an object, None if there is none; a body that breaks off is asked for again."""
        for failures in range(_READS - 1):
            try:
                return self._read(key)
            except _BrokenOffError:
                self._sleep(uniform(0.0, 0.2 * 2**failures))
        return self._read(key)

    def write(self, key: str, content: bytes) -> None:
        """Make or replace an object."""
        with self._reachable() as client:
            client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)

    def write_if(self, key: str, content: bytes, *, seen: Stored | None) -> bool:
        """Write an object unless somebody else was faster.

        A yes that got lost on its way is repeated by the client and answered no: the caller looks whether what is
        there is its own.

        Args:
            key: the object's.
            content: all of it.
            seen: what it replaces; None: nothing may be there.

        Returns:
            Whether it was written.
        """
        condition = {"IfNoneMatch": "*"} if seen is None else {"IfMatch": seen.etag}
        with self._reachable() as client:
            try:
                client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content, **condition)
            except Exception as error:
                if _status(error) in {409, 412} or _is_missing(error):  # 409: two conditional writes at one time
                    return False
                raise
        return True

    def files(self, folder: str) -> list[str]:
        """Give the names of the objects directly in a folder ("a/b/")."""
        return [one["Key"].rpartition("/")[2] for page in self._pages(folder) for one in page.get("Contents", [])]

    def folders(self, folder: str) -> list[str]:
        """Give the names of the folders directly in a folder."""
        pages = self._pages(folder)
        return [one["Prefix"].split("/")[-2] for page in pages for one in page.get("CommonPrefixes", [])]

    def _read(self, key: str) -> Stored | None:
        with self._reachable() as client:
            try:
                answer = client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except Exception as error:
                if _is_missing(error):
                    return None
                raise
        if answer["ContentLength"] > 2 * MAX_TOTAL_BYTES:
            raise StoreUnavailable(self.description, f"{key} is larger than any bundle")
        with self._reachable(_BrokenOffError):
            return Stored(answer["Body"].read(), answer["ETag"])

    def _pages(self, folder: str) -> Iterator[dict[str, Any]]:
        arguments = {"Bucket": self._bucket, "Prefix": self._prefix + folder, "Delimiter": "/"}
        while True:
            with self._reachable() as client:
                page = client.list_objects_v2(**arguments)
            yield page
            if not page.get("IsTruncated"):
                return
            arguments["ContinuationToken"] = page["NextContinuationToken"]

    @contextmanager
    def _reachable(self, kind: type[StoreUnavailable] = StoreUnavailable) -> Iterator[Client]:
        try:
            self._client = self._client or self._connect()
            yield self._client
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in {"botocore", "boto3", "s3transfer"}:
                raise
            reason = " ".join(str(error).split()) or type(error).__name__
            raise kind(self.description, reason[:_LONGEST_REASON]) from error


class _BrokenOffError(StoreUnavailable):
    """A body ended before its end, or was not what its checksum says."""


def _status(error: Exception) -> int:
    response: dict[str, Any] = getattr(error, "response", {})
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_missing(error: Exception) -> bool:
    response: dict[str, Any] = getattr(error, "response", {})
    return bool(response.get("Error", {}).get("Code") == "NoSuchKey")
