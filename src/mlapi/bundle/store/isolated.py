"""A store looked at through a child process: what hangs there is killed, what drips is cut off, what crashes is alone.

A timeout of a client bounds the wait for the next byte; a server that sends one byte now and then holds it for ever.
Here each call has a deadline for the whole of it. The child stays for the next call, importing mlflow takes seconds.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

from mlapi.bundle import errors
from mlapi.bundle.errors import BundleError, StoreUnavailable
from mlapi.bundle.store.messages import Answer, Call, Opening
from mlapi.bundle.store.records import AliasRecord, VersionRecord

T = TypeVar("T")

START_S: Final = 120.0  # until the child has imported what it needs
CALL_S: Final = 20.0
FETCH_S: Final = 120.0  # a bundle may be megabytes


class IsolatedStore:
    """The reading part of a store, in a child process."""

    def __init__(
        self,
        address: str,
        *,
        state_dir: Path,
        tracking_uri: str | None = None,
        call_s: float = CALL_S,
        fetch_s: float = FETCH_S,
        start_s: float = START_S,
    ) -> None:
        """Take what to open, as `open_store` does, and the deadlines; nothing is started yet.

        Args:
            address: the store's.
            state_dir: what a relative address is relative to.
            tracking_uri: MLflow's.
            call_s: deadline of a call, seconds.
            fetch_s: deadline of a download.
            start_s: deadline of the child's start.
        """
        self._opening = Opening(address, str(state_dir), tracking_uri)
        self._call_s = call_s
        self._fetch_s = fetch_s
        self._start_s = start_s
        self._child: subprocess.Popen[bytes] | None = None
        self._connected = False

    @property
    def description(self) -> str:
        """What store it is."""
        return f"{self._opening.address} (through a process of its own)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the child; the next call starts another."""
        child, self._child, self._connected = self._child, None, False
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                assert pipe is not None
                pipe.close()

    def models(self) -> list[str]:
        """See `Store.models`."""
        return self._ask(list[str], "models")

    def versions(self, name: str) -> list[VersionRecord]:
        """See `Store.versions`."""
        return self._ask(list[VersionRecord], "versions", name)

    def resolve(self, name: str, alias: str) -> AliasRecord:
        """See `Store.resolve`."""
        return self._ask(AliasRecord, "resolve", name, alias)

    def fetch(self, name: str, version: str, destination: Path) -> Path:
        """See `Store.fetch`."""
        return Path(self._ask(str, "fetch", name, version, str(destination)))

    def _ask(self, kind: type[T], method: str, *arguments: str) -> T:
        child = self._child or self._start()
        if not self._connected:
            self._connected = msgspec.json.decode(self._exchange(child, Call("connect", []), self._start_s), type=bool)
        deadline_s = self._fetch_s if method == "fetch" else self._call_s
        return msgspec.json.decode(self._exchange(child, Call(method, list(arguments)), deadline_s), type=kind)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "mlapi.bundle.store.isolated_child"]
        pipe = subprocess.PIPE
        child = subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        self._child = child
        try:
            self._exchange(child, self._opening, self._start_s)
        except BundleError:
            self.close()  # it has nothing to answer with
            raise
        return child

    def _exchange(self, child: subprocess.Popen[bytes], message: msgspec.Struct, deadline_s: float) -> msgspec.Raw:
        """Send a line and read one.

        Raises:
            StoreUnavailable: the child did not answer in time, or ended; it is gone then.
            BundleError: what the child's store raised.
        """
        try:
            line = self._line(child, msgspec.json.encode(message) + b"\n", deadline_s)
        except BaseException:  # a signal may end the wait: what is still to come would be taken for the next answer
            self.close()
            raise
        answer = msgspec.json.decode(line, type=Answer)
        if answer.error is not None:
            raise _error(answer.error, answer.made_from)
        return answer.value

    def _line(self, child: subprocess.Popen[bytes], message: bytes, deadline_s: float) -> bytes:
        assert child.stdin is not None
        assert child.stdout is not None
        until = time.monotonic() + deadline_s
        line = bytearray()
        try:
            child.stdin.write(message)
            while not line.endswith(b"\n"):
                if not select.select([child.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                    raise StoreUnavailable(self.description, f"no answer within {deadline_s:g} s")
                line += (received := os.read(child.stdout.fileno(), 1 << 16))
                if not received:
                    raise StoreUnavailable(self.description, f"the process ended (exit status {child.wait()})")
        except BrokenPipeError as error:
            raise StoreUnavailable(self.description, f"the process ended (exit status {child.wait()})") from error
        return bytes(line)


def _error(name: str, made_from: list[str | int | None]) -> BundleError:
    kind: Callable[..., BundleError] = vars(errors)[name]
    return kind(*made_from)
