"""Which process is at a run, so that a later one can tell that it is gone."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec

PROCESS_TAG = "mlapi.process"


class Process(msgspec.Struct, frozen=True):
    """A process of one host.

    Attributes:
        host: the host's name; a container's is its own.
        boot: the system's boot, where it tells; numbers of processes begin anew with it.
        pid: the process's number.
        started: when it started, in the system's own ticks, where it tells: numbers are used again.
    """

    host: str
    boot: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> Process:
        """Give the present one."""
        return cls(socket.gethostname(), _boot(), os.getpid(), _started(os.getpid()))

    @classmethod
    def from_tag(cls, text: str) -> Process | None:
        """Read what `tag` gave; None for anything else."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError:
            return None

    def tag(self) -> str:
        """Give it as the value of a tag."""
        return msgspec.json.encode(self).decode()

    @property
    def is_gone(self) -> bool:
        """Whether it has certainly ended; of another host's nobody here can say."""
        if self.host != socket.gethostname():
            return False
        return self.boot != _boot() or not _is_alive(self.pid) or _started(self.pid) != self.started


def _boot() -> str:
    return _read(Path("/proc/sys/kernel/random/boot_id")).strip()


def _started(pid: int) -> str:
    """Give field 22 of /proc/<pid>/stat (proc(5)); the name before it may hold anything but ends with the last `)`."""
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else ""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
