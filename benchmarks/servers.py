"""Server processes under measurement."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """A started server: its process, where it listens, and how long it took to the first 200."""

    pid: int
    port: int
    start_s: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/predict"

    def resident_mib(self) -> float:
        """Resident memory of the server process itself, in MiB (VmRSS of proc(5))."""
        return resident_mib(self.pid)

    def children(self) -> list[int]:
        """Process ids of its direct children (the follower)."""
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        with open(path) as file:
            return [int(pid) for pid in file.read().split()]


def resident_mib(pid: int) -> float:
    """Resident memory of a process in MiB."""
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def started(
    command: Sequence[str], port: int, body: bytes, key: str, *, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server until its first 200 on POST /predict, give it, and end it with SIGTERM.

    Raises:
        RuntimeError: the process ended, or answered no 200 within 60 s.
    """
    began = time.perf_counter()
    env = {**os.environ, **(environ or {})}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _answers(port, body, key):
            if process.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError(f"{command[0]} gave no 200 on port {port}")
            time.sleep(0.005)
        yield Server(process.pid, port, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _answers(port: int, body: bytes, key: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    try:
        connection.request("POST", "/predict", body, headers)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
