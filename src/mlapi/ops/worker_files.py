"""Where the processes of one service count together: one file each, below a folder of that run of the service.

A process takes the first file that nobody holds and goes on counting in it, so that there are never more files than
processes at once, and what a killed process counted stays counted. A file is held by a lock (flock) that ends with the
process, whatever ends it.
"""

import fcntl
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import IO, Final, NamedTuple

from mlapi.ops import tallies
from mlapi.ops.tallies import Entries, Tallies

FOLDER: Final = "metrics"  # below the state directory


class Reading(NamedTuple):
    """What one file holds: keys and values, whether its process runs, and the process's id."""

    entries: Entries
    alive: bool
    pid: int
    file: Path


@dataclass(frozen=True, eq=False)
class WorkerFile:
    """The file of this process.

    Attributes:
        path: of the file; its siblings are the other workers'.
        tallies: what it holds.
        held: open as long as this process holds the file.
    """

    path: Path
    tallies: Tallies
    held: IO[bytes]

    def release(self) -> None:
        """Let another process go on with the file; unlocked by name, for the mapping keeps a descriptor of its own."""
        fcntl.flock(self.held, fcntl.LOCK_UN)
        self.held.close()

    def readings(self) -> list[Reading]:
        """What all processes of the run have counted."""
        return [
            Reading(self.tallies.entries(), True, os.getpid(), path) if path == self.path else _read(path)
            for path in sorted(self.path.parent.glob("*.tallies"))
        ]


def run_folder(state_dir: Path, owner: int) -> Path:
    """The folder of a run of the service, told from all others by the process that all its workers have in common."""
    return state_dir / FOLDER / f"{owner}-{_began(owner)}"


def claim(folder: Path) -> WorkerFile:
    """Take a file, and remove what earlier runs have left beside the folder.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_old_runs(folder)
    number = 0
    while (held := _hold(folder / f"{number}.tallies")) is None:
        number += 1
    held.truncate(tallies.SIZE_BYTES)
    return WorkerFile(folder / f"{number}.tallies", Tallies(mmap(held.fileno(), tallies.SIZE_BYTES)), held)


def _hold(path: Path) -> IO[bytes] | None:
    """Open and lock a file, or give None where another process holds it."""
    file = path.open("a+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _read(path: Path) -> Reading:
    with path.open("rb") as file:
        alive = _is_held(file)
        header = file.read(tallies.HEADER.size)
        content = header + file.read(max(0, tallies.used_bytes(header) - len(header)))
    return Reading(tallies.read(content), alive, tallies.process_of(content), path)


def _is_held(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _remove_old_runs(folder: Path) -> None:
    for other in folder.parent.iterdir():
        if other != folder and _is_over(other):
            shutil.rmtree(other, ignore_errors=True)


def _is_over(folder: Path) -> bool:
    """Whether the owner of a run has ended, and all its workers too."""
    owner = folder.name.partition("-")[0]
    if not owner.isdigit() or folder.name == f"{owner}-{_began(int(owner))}":
        return False
    return not any(_read(path).alive for path in folder.glob("*.tallies"))


def _began(pid: int) -> str:
    """When a process started, in clock ticks since the machine did: pids are used again, pairs of both are not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    return "0"
