"""How long a fresh service takes to its first 200, what it imports for that, and what it then holds.

Run as `make bench-cold` or `python -m benchmarks.cold_start`. Beside it a FastAPI route that returns a constant, in
turn. Files are in the page cache, as after a first start; the system's own first read of them is not measured.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import imports, report
from benchmarks.peers.catalogue import APPS
from benchmarks.promoted import KEY, example_body, prepare
from benchmarks.servers import Server, free_port, started

HOST = ("--no-access-log", "--loop", "uvloop", "--http", "httptools", "--log-level", "error")
SHOWN = 12  # packages
SETTLED_S = 3.0  # in which a follower has begun, too; memory is looked at then
STATEMENTS = {
    "mlapi": "import mlapi.cli.serve, mlapi.app.server",
    "follower": "import mlapi.cli.follower, mlapi.cli.first_model, mlapi.bundle.follow, mlapi.bundle.following",
    "constant": "import uvicorn, uvloop, httptools, fastapi",
}


class Started(NamedTuple):
    """One fresh process at its first 200; memory in MiB of itself and of its children."""

    start_s: float
    cpu_s: float
    resident_mib: float
    private_mib: float
    pss_mib: float
    children_resident_mib: float
    children_pss_mib: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="interleaved starts; medians are reported (default 9)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        results = measure(Path(scratch), rounds=arguments.rounds)
    report.save("cold", results)
    return 0


def measure(scratch: Path, *, rounds: int) -> dict[str, object]:
    """Train one model, start both servers in turn; figures by server, and their imports."""
    prepare(scratch)
    body = example_body(scratch)
    environ = {"MLAPI_API_KEYS": KEY, "MLAPI_STATE_DIR": str(scratch / "state")}
    seen: dict[str, list[Started]] = {"mlapi": [], "constant": []}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        port = free_port()
        ours = [sys.executable, "-m", "mlapi.cli.main", "serve"]
        seen["mlapi"].append(start(ours, port, body, {**environ, "MLAPI_PORT": str(port)}))
        port = free_port()
        bare = [
            sys.executable,
            "-m",
            "uvicorn",
            "constant_route:app",
            "--app-dir",
            str(APPS),
            "--port",
            str(port),
            *HOST,
        ]
        seen["constant"].append(start(bare, port, body, {}))
    return {
        "rounds": rounds,
        "servers": {name: _medians(starts) for name, starts in seen.items()},
        "imports": {name: _imports(statement) for name, statement in STATEMENTS.items()},
    }


def start(command: Sequence[str], port: int, body: bytes, environ: Mapping[str, str]) -> Started:
    """Start a server, look at it after its first 200, and end it."""
    with started(command, port, body, KEY, environ=environ) as server:
        spent_s = cpu_s(server)
        time.sleep(SETTLED_S if server.children() else 0)
        own, children = memory_mib(server.pid), [memory_mib(pid) for pid in server.children()]
        return Started(
            server.start_s,
            spent_s,
            own["Rss"],
            own["Private_Clean"] + own["Private_Dirty"],
            own["Pss"],
            sum(child["Rss"] for child in children),
            sum(child["Pss"] for child in children),
        )


def memory_mib(pid: int) -> dict[str, float]:
    """Memory of a process by kind (`smaps_rollup` of proc(5))."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines)}


def cpu_s(server: Server) -> float:
    """Processor time of the process itself since it began, to 0.01 s (`stat` of proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _medians(starts: Sequence[Started]) -> dict[str, float]:
    columns = zip(*starts, strict=True)
    return {name: statistics.median(column) for name, column in zip(Started._fields, columns, strict=True)}


def _imports(statement: str) -> dict[str, object]:
    found = imports.profile(statement)
    return {
        "modules": len(found),
        "ms": sum(one.self_us for one in found) / 1000,
        "packages": [package._asdict() for package in imports.packages(found)[:SHOWN]],
    }


if __name__ == "__main__":
    sys.exit(main())
