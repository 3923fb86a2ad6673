"""Open-loop load on one URL: requests are sent when they are due, whether or not those before were answered.

A closed loop (wrk) asks again only after an answer, so that a stall delays the very requests which would have met it
("coordinated omission"). Here the time of a request counts from when it was due. The client is a small C program, as
a client in Python would take more of the machine than the server does.
"""

import atexit
import shutil
import subprocess
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from benchmarks.arrivals import Stretch, poisson

SOURCE = Path(__file__).with_suffix(".c")
MOST = 3_000_000  # requests of one load: a bound on time and memory
# At first Linux acknowledges each packet of a new connection by one of its own, which costs both sides: not counted.
WARMING_S = 0.5
ARRIVAL = np.dtype([("at_s", "f8"), ("request", "u4"), ("padding", "u4")])
ANSWER = np.dtype([("sent_s", "f8"), ("done_s", "f8"), ("status", "i4"), ("padding", "i4")])


class LoadFault(Exception):
    """The load could not be made; the text says why."""


@dataclass(frozen=True)
class Answers:
    """What became of each request, in the order of when they were due; arrays of shape (n,).

    Attributes:
        due_s: when it should be sent, seconds since the begin.
        sent_s: when its first byte was written; -1 where no connection was free until the end.
        done_s: when its answer was complete; -1 where that never was.
        status: HTTP status; 0 where the connection was lost or the time was up.
        body: which of the bodies it had.
    """

    due_s: NDArray[np.float64]
    sent_s: NDArray[np.float64]
    done_s: NDArray[np.float64]
    status: NDArray[np.int32]
    body: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.due_s)

    @property
    def good(self) -> NDArray[np.bool_]:
        return np.equal(self.status, 200)

    def latency_ms(self) -> NDArray[np.float64]:
        """Milliseconds from when it was due to its complete answer, of those answered by 200."""
        return (self.done_s - self.due_s)[self.good] * 1e3

    def percentile_ms(self, share: float) -> float:
        """Give the latency that so many percent of the good answers do not exceed; NaN where there is none."""
        found = self.latency_ms()
        return float(np.percentile(found, share)) if len(found) else float("nan")

    def statuses(self) -> dict[int, int]:
        """Give how many answers had each status; 0 stands for none."""
        return dict(sorted(Counter(self.status.tolist()).items()))

    def since(self, begin_s: float) -> "Answers":
        """Give what became of the requests that were due from then on."""
        return self.part(self.due_s >= begin_s)

    def part(self, chosen: NDArray[np.bool_]) -> "Answers":
        return Answers(*(column[chosen] for column in vars(self).values()))


def open_loop(
    url: str,
    headers: Mapping[str, str],
    bodies: Sequence[bytes],
    rate: float,
    seconds: float,
    seed: int,
    *,
    connections: int = 128,
    grace_s: float = 10.0,
) -> Answers:
    """POST bodies, one picked evenly at random for each request, at a Poisson rate; first `WARMING_S` uncounted.

    Args:
        url: http, on the loopback interface.
        headers: beside Host, Content-Length and Content-Type.
        bodies: to pick from.
        rate: requests/s on average.
        seconds: how long requests become due.
        seed: of the arrivals and the picks; the same seed asks the same.
        connections: kept alive; a request that is due while none is free waits, which counts.
        grace_s: how long the last ones may take.

    Raises:
        LoadFault: see send.
    """
    due = poisson([Stretch(WARMING_S + seconds, rate)], seed)
    picks = np.random.default_rng([seed, 1]).integers(0, len(bodies), len(due))
    return send(url, headers, bodies, due, picks, connections=connections, grace_s=grace_s).since(WARMING_S)


def send(
    url: str,
    headers: Mapping[str, str],
    bodies: Sequence[bytes],
    due_s: NDArray[np.floating],
    picks: NDArray[np.integer],
    *,
    connections: int = 128,
    grace_s: float = 10.0,
) -> Answers:
    """POST at given times.

    Args:
        url: http, on the loopback interface.
        headers: beside Host, Content-Length and Content-Type.
        bodies: to pick from.
        due_s: seconds since the begin, ascending, shape (n,).
        picks: which body each has, shape (n,).
        connections: kept alive; a request that is due while none is free waits, which counts.
        grace_s: how long the last ones may take.

    Raises:
        LoadFault: no C compiler, not the loopback interface, too many requests, or nothing listens there.
    """
    place = urlsplit(url)
    if place.hostname != "127.0.0.1" or place.port is None:
        raise LoadFault(f"{url} is not http://127.0.0.1:PORT/…; other machines are not put under load")
    if len(due_s) > MOST:
        raise LoadFault(f"{len(due_s):,} requests are more than {MOST:,}")
    arrivals = np.zeros(len(due_s), ARRIVAL)
    arrivals["at_s"], arrivals["request"] = due_s, picks
    with tempfile.TemporaryDirectory(prefix="open-loop-") as scratch:
        folder = Path(scratch)
        texts = [request_text(place.path, place.netloc, headers, body) for body in bodies]
        (folder / "requests").write_bytes(b"".join(len(text).to_bytes(4, "little") + text for text in texts))
        (folder / "arrivals").write_bytes(arrivals.tobytes())
        files = [str(folder / name) for name in ("requests", "arrivals", "answers")]
        _run([str(client()), str(place.port), str(connections), str(grace_s), *files], due_s, grace_s)
        found = np.fromfile(folder / "answers", ANSWER)
    return Answers(arrivals["at_s"], found["sent_s"], found["done_s"], found["status"], arrivals["request"])


def _run(command: list[str], due_s: NDArray[np.floating], grace_s: float) -> None:
    limit_s = (float(due_s[-1]) if len(due_s) else 0.0) + grace_s + 60
    ended = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    if ended.returncode:
        raise LoadFault(f"the client ended with {ended.returncode}: {ended.stderr.strip()}")


def request_text(path: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Give a whole HTTP/1.1 request."""
    fields = {"Host": host, "Content-Type": "application/json", **headers, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


@cache
def client() -> Path:
    """Compile the client, once a process, and give its path.

    Raises:
        LoadFault: there is no C compiler, or it refuses.
    """
    compiler = shutil.which("cc") or shutil.which((sysconfig.get_config_var("CC") or "gcc").split()[0])
    if compiler is None:
        raise LoadFault("a C compiler is needed (Debian: apt-get install gcc libc6-dev)")
    folder = tempfile.mkdtemp(prefix="open-loop-client-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    binary = Path(folder) / "open_loop"
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(binary), str(SOURCE)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise LoadFault(f"{SOURCE.name} does not compile:\n{ended.stderr}")
    return binary
