"""A server with every process that it starts: first answer, processor time, memory, and the end of all of them."""

import contextlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
LOG_LINES = 12


class PeerFault(Exception):
    """A server cannot be compared; the text says why."""


@dataclass
class Running:
    """A started server.

    Attributes:
        root: the process that was started, leader of its own session.
        port: where it listens on the loopback interface.
        start_s: seconds from its start to its first 200.
        seen: every process of it that was met so far, with the time of its start, since ids are used again.
    """

    root: int
    port: int
    start_s: float = 0.0
    seen: dict[int, str] = field(default_factory=dict)

    def processes(self) -> list[int]:
        """Give the ids of the live processes: descendants, members of its session, and who was one once."""
        table = _process_table()
        found = {pid for pid, stat in table.items() if stat[3] == str(self.root)} | set(self._alive(table))
        while more := {pid for pid, stat in table.items() if int(stat[1]) in found} - found:
            found |= more
        self.seen |= {pid: table[pid][19] for pid in found}
        return self._alive(table)

    def _alive(self, table: dict[int, list[str]]) -> list[int]:
        return [pid for pid, began in self.seen.items() if pid in table and table[pid][19] == began]

    def cpu_s(self) -> float:
        """Give the processor seconds of all of them since their start, those of ended children included (proc(5))."""
        table, pids = _process_table(), self.processes()
        return sum(sum(map(int, table[pid][11:15])) for pid in pids if pid in table) / TICKS_PER_S

    def pss_mib(self) -> dict[int, float]:
        """Give each process's proportional set size in MiB: a page shared by n of them counts 1/n."""
        sizes = {}
        for pid in self.processes():
            with contextlib.suppress(OSError, StopIteration):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                sizes[pid] = int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024
        return sizes

    def settle(self, limit_s: float = 2) -> None:
        """Wait until it is at rest, so that what follows its start, or is left of a load, is not measured."""
        end = time.monotonic() + limit_s
        before = self.cpu_s()
        while time.monotonic() < end:
            time.sleep(0.25)
            now = self.cpu_s()
            if now - before <= 0.05:  # a fifth of one core: some look for work a thousand times a second
                return
            before = now

    def end(self) -> None:
        """End all of them: politely, and by force who is left after five seconds, or a second after the first."""
        self.processes()
        self._signal(signal.SIGTERM, [self.root])
        limit = time.monotonic() + 5
        while (left := self.processes()) and time.monotonic() < limit:
            if self.root not in left:
                limit = min(limit, time.monotonic() + 1)
            time.sleep(0.05)
        while left := self.processes():
            self._signal(signal.SIGKILL, left)
            time.sleep(0.05)

    @staticmethod
    def _signal(number: int, pids: list[int]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _process_table() -> dict[int, list[str]]:
    """Give the fields of proc(5) `stat` of every live process, from the state on (so that field n is at n - 3)."""
    table = {}
    for directory in Path("/proc").iterdir():
        if directory.name.isdecimal():
            with contextlib.suppress(OSError):
                table[int(directory.name)] = (directory / "stat").read_text().rpartition(")")[2].split()
    return {pid: stat for pid, stat in table.items() if stat[0] != "Z"}


@contextmanager
def started(
    command: Sequence[str], environ: Mapping[str, str], request: "Request", *, port: int, log: Path, limit_s: float
) -> Iterator[Running]:
    """Run a server until its first 200, give it, and end it with all that it started, whatever happens.

    Args:
        command: its first word is a file.
        environ: the whole environment of the server.
        request: sent again and again until it is answered by 200.
        port: of the loopback interface, which the command names.
        log: file for both of its outputs.
        limit_s: seconds that the first 200 may take.

    Raises:
        PeerFault: the process ended, or answered no 200 in time; with the end of its log.
    """
    with log.open("wb") as file:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=environ,
            cwd=log.parent,
            stdout=file,
            stderr=file,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    running = Running(process.pid, port)
    try:
        while (status := request.send(port, limit_s=limit_s)[0]) != 200:
            waited = time.perf_counter() - began
            if process.poll() is not None or waited > limit_s:
                what = "ended" if process.poll() is not None else f"gave no 200 within {limit_s:.0f} s"
                raise PeerFault(f"{what}; the end of its log:\n{tail(log)}")
            time.sleep(0.05 if status else 0.005)  # to say "not yet" costs a server time that it starts in
        running.start_s = time.perf_counter() - began
        yield running
    finally:
        running.end()
        process.wait()


@dataclass(frozen=True)
class Request:
    """One POST, and how to send it."""

    path: str
    body: bytes
    key: str

    def send(self, port: int, *, limit_s: float = 30) -> tuple[int, bytes]:
        """Give status and body of the answer; 0 and the reason where there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit_s)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        try:
            connection.request("POST", self.path, self.body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error).encode()
        finally:
            connection.close()


def tail(log: Path) -> str:
    """Give the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
