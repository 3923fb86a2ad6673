"""Rounds: in each of them every server is started, checked, loaded and ended, one after the other."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import load
from benchmarks.open_loop import LoadFault, open_loop
from benchmarks.peers.catalogue import KEY, Peer, Place
from benchmarks.peers.model import Model
from benchmarks.peers.process import PeerFault, Request, Running, started
from benchmarks.servers import free_port

# Rows of a request and connections, each with one request under way: the columns of the table.
SHAPES = {"1 row, c 1": (1, 1), "1 row, c 32": (1, 32), "100 rows, c 4": (100, 4), "1000 rows, c 4": (1000, 4)}
MOST, SHARE = "1 row, c 32", 0.7  # the open loop asks for one row a request, at this share of what that shape got
TOLERANCE = 1e-6  # a float32 probability written as a float64, or rounded to its shortest text
WARMING = 5  # requests of each size before the load, which check the answers too


@dataclass
class Seen:
    """What was seen of one server, a figure a round."""

    starts_s: list[float] = field(default_factory=list)
    resident_mib: list[float] = field(default_factory=list)
    largest_mib: list[float] = field(default_factory=list)
    processes: list[int] = field(default_factory=list)
    loads: dict[str, list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))
    tails: list[dict[str, float]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Medians over the rounds; of the CPU time the least, of the failures the sum."""
        return {
            "start_s": statistics.median(self.starts_s),
            "resident_mib": statistics.median(self.resident_mib),
            "largest_mib": statistics.median(self.largest_mib),
            "processes": max(self.processes),
            "load": {shape: summary(loads) for shape, loads in self.loads.items()},
            **({"open_loop": summary(self.tails)} if self.tails else {}),
        }


def summary(loads: list[dict[str, float]]) -> dict[str, float]:
    medians = {name: statistics.median(seen[name] for seen in loads) for name in loads[0]}
    least = {"cpu_us": min(seen["cpu_us"] for seen in loads)} if "cpu_us" in medians else {}
    return medians | least | {"failed": sum(seen["failed"] for seen in loads)}


@dataclass(frozen=True)
class Bench:
    """Measures servers on one model.

    Attributes:
        pythons: of each peer's environment, by the peer's name.
        seconds: length of one load.
        tails: whether to ask in an open loop too.
        prepared: peers that have prepared what they need to start.
    """

    model: Model
    pythons: dict[str, Path]
    seconds: int
    tails: bool = False
    prepared: set[str] = field(default_factory=set)

    def run(self, peers: dict[str, Peer], rounds: int) -> tuple[dict[str, Seen], dict[str, str]]:
        """Give what was seen of each server, and why some were left out."""
        seen: dict[str, Seen] = {name: Seen() for name in peers}
        refused: dict[str, str] = {}
        for number in range(rounds):
            for name in [name for name in peers if name not in refused]:
                began = time.monotonic()
                try:
                    self.measure(name, peers[name], seen[name])
                except (PeerFault, LoadFault, subprocess.CalledProcessError) as fault:  # the last: wrk cannot connect
                    refused[name] = str(fault)
                    print(f"{name}: left out: {fault}", file=sys.stderr)
                    continue
                took = time.monotonic() - began
                note = f"first 200 after {seen[name].starts_s[-1]:.2f} s"
                print(f"round {number + 1} of {rounds}: {name}: {note}, {took:.0f} s in all", file=sys.stderr)
        return {name: found for name, found in seen.items() if name not in refused}, refused

    def measure(self, name: str, peer: Peer, seen: Seen) -> None:
        """Start one server, check its answers, load it in every shape and end it.

        Raises:
            PeerFault: it does not start, or answers something else than the booster.
        """
        with self.serving(name, peer) as server:
            seen.starts_s.append(server.start_s)
            self.check(peer, server)
            server.settle(limit_s=10)
            sizes = server.pss_mib()
            if not sizes:
                raise PeerFault("ended after it had answered")
            seen.resident_mib.append(sum(sizes.values()))
            seen.largest_mib.append(max(sizes.values()))
            seen.processes.append(len(sizes))
            for shape, (n_rows, concurrency) in SHAPES.items():
                seen.loads[shape].append(self.load(peer, server, n_rows, concurrency))
            if self.tails and peer.probabilities is not None:  # a constant shows no model's tail
                seen.tails.append(self.tail(peer, server, SHARE * seen.loads[MOST][-1]["requests_per_s"]))

    @contextmanager
    def serving(self, name: str, peer: Peer) -> Iterator[Running]:
        with tempfile.TemporaryDirectory(prefix="peer-", ignore_cleanup_errors=True) as scratch:
            place = Place(self.pythons[name], free_port(), Path(scratch), self.model)
            environ = place.environ() | peer.environ(place)
            first = Request(peer.path, peer.encode(self.model.rows[:1]), KEY)
            log = Path(scratch) / "server.log"
            if peer.prepare is not None and name not in self.prepared:
                self.prepare(peer.prepare(place), environ)
                self.prepared.add(name)
            with started(
                peer.command(place), environ, first, port=place.port, log=log, limit_s=peer.start_limit_s
            ) as server:
                yield server

    @staticmethod
    def prepare(command: list[str], environ: dict[str, str]) -> None:
        ended = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
        if ended.returncode:
            raise PeerFault(f"{command[1]} failed: {ended.stderr.strip()[-600:]}")

    def check(self, peer: Peer, server: Running) -> None:
        """Ask for 1, 100 and 1000 rows, and compare with the booster."""
        for n_rows in sorted({n_rows for n_rows, _ in SHAPES.values()}):
            request = Request(peer.path, peer.encode(self.model.rows[:n_rows]), KEY)
            for _ in range(WARMING):
                status, answer = request.send(server.port)
                if status != 200:
                    raise PeerFault(f"{n_rows} rows are answered by {status}: {answer[:300].decode(errors='replace')}")
                if peer.probabilities is not None:
                    self.compare(peer.probabilities(json.loads(answer)), n_rows)

    def compare(self, found: list[float], n_rows: int) -> None:
        expected = self.model.probabilities[:n_rows]
        if len(found) != n_rows:
            raise PeerFault(f"{len(found)} answers for {n_rows} rows")
        worst = float(np.abs(np.asarray(found, np.float64) - expected).max())
        if not worst <= TOLERANCE:
            raise PeerFault(f"wrong answers: a probability is {worst:.3g} off the booster's")

    def tail(self, peer: Peer, server: Running, rate: float) -> dict[str, float]:
        """Ask for one row a request at times that were fixed beforehand, whatever became of the requests before."""
        server.settle()
        url = f"http://127.0.0.1:{server.port}{peer.path}"
        headers = {"Authorization": f"Bearer {KEY}"}
        found = open_loop(url, headers, [peer.encode(self.model.rows[:1])], rate, self.seconds, seed=0)
        return {
            "requests_per_s": rate,
            "p50_ms": found.percentile_ms(50),
            "p99_ms": found.percentile_ms(99),
            "failed": float(len(found) - found.good.sum()),
        }

    def load(self, peer: Peer, server: Running, n_rows: int, concurrency: int) -> dict[str, float]:
        url = f"http://127.0.0.1:{server.port}{peer.path}"
        body = peer.encode(self.model.rows[:n_rows])
        server.settle()
        lost = peer.lost(server.port) if peer.lost else 0.0
        before = server.cpu_s()
        seen = load.post(url, body, KEY, concurrency=concurrency, duration_s=self.seconds)
        if not seen.requests:
            raise PeerFault(f"no request of {n_rows} rows was answered within {self.seconds} s")
        return {
            "requests_per_s": seen.requests_per_s,
            "rows_per_s": seen.requests_per_s * n_rows,
            "p50_ms": seen.p50_ms,
            "p99_ms": seen.p99_ms,
            "cpu_us": (server.cpu_s() - before) / seen.requests * 1e6,
            "failed": seen.failed,
            **({"lost": (peer.lost(server.port) - lost) / (seen.requests * n_rows)} if peer.lost else {}),
        }
