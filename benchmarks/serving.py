"""One worker of the service beside a bare framework route: start, memory, throughput and latency.

Run as `make bench` or `python -m benchmarks.serving`. Both servers run at once, one loaded at a time, in interleaved
rounds; medians go to `benchmarks/results/serving.json` and the table to `benchmarks/README.md`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import report, tables
from benchmarks.load import Load, WrkMissing, post
from benchmarks.servers import Server, free_port, resident_mib, started

KEY = "mlk_benchmark_0123456789abcdef"
CONCURRENCIES = (1, 32)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; medians are reported (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="length of one round (default 3)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            results = measure(Path(scratch), rounds=arguments.rounds, seconds=arguments.seconds)
        except WrkMissing as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 1
    report.save("serving", results)
    return 0


def measure(scratch: Path, *, rounds: int, seconds: int) -> dict[str, object]:
    """Train one model, start both servers, load them in turn; figures by server."""
    prepare(scratch)
    body = example_body(scratch)
    port, constant_port = free_port(), free_port()
    environ = {"MLAPI_API_KEYS": KEY, "MLAPI_STATE_DIR": str(scratch / "state"), "MLAPI_PORT": str(port)}
    ours = [sys.executable, "-m", "mlapi.cli.main", "serve"]
    flags = ["--no-access-log", "--loop", "uvloop", "--http", "httptools", "--log-level", "error"]
    bare = [sys.executable, "-m", "uvicorn", "benchmarks.constant:app", "--port", str(constant_port), *flags]
    starts: dict[str, list[float]] = {"mlapi": [], "constant": []}
    for _ in range(rounds):
        with started(ours, port, body, KEY, environ=environ) as server:
            starts["mlapi"].append(server.start_s)
        with started(bare, constant_port, body, KEY) as server:
            starts["constant"].append(server.start_s)
    with started(ours, port, body, KEY, environ=environ) as service, started(bare, constant_port, body, KEY) as route:
        servers = {"mlapi": service, "constant": route}
        loads = interleave(servers, body, rounds=rounds, seconds=seconds)
        memory = {name: server.resident_mib() for name, server in servers.items()}
        follower = [resident_mib(pid) for pid in service.children()]
    return {
        "start_s": {name: statistics.median(figures) for name, figures in starts.items()},
        "resident_mib": memory,
        "follower_mib": follower,
        "load": {name: {str(c): median(loads[name, c]) for c in CONCURRENCIES} for name in servers},
        "rounds": rounds,
        "seconds": seconds,
    }


def prepare(scratch: Path) -> None:
    """Train on the synthetic table and promote, by the same commands as a user."""
    data = tables.write_adult_like(scratch / "adult_like.csv")
    for command in (
        ["train", "--data", str(data), "--target", "label", "--name", "adult_like"],
        ["models", "promote", "adult_like"],
        ["follow", "--once"],
    ):
        environ = {"MLAPI_STATE_DIR": str(scratch / "state"), "PATH": "/usr/bin:/bin"}
        subprocess.run([sys.executable, "-m", "mlapi.cli.main", *command], env=environ, check=True, capture_output=True)


def example_body(scratch: Path) -> bytes:
    """One row of the table as a request body."""
    header, first = (scratch / "adult_like.csv").read_text().splitlines()[:2]
    row: dict[str, object] = dict(zip(header.split(",")[:-1], first.split(",")[:-1], strict=True))
    row = {name: float(str(cell)) if name.startswith("number") and cell else cell or None for name, cell in row.items()}
    return json.dumps({"data": [row]}).encode()


def interleave(
    servers: dict[str, Server], body: bytes, *, rounds: int, seconds: int
) -> dict[tuple[str, int], list[Load]]:
    """Load each server at each concurrency once a round, so that a slow minute meets all of them."""
    loads: dict[tuple[str, int], list[Load]] = {(name, c): [] for name in servers for c in CONCURRENCIES}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for (name, concurrency), seen in loads.items():
            url = servers[name].url
            seen.append(post(url, body, KEY, concurrency=concurrency, duration_s=seconds))
    return loads


def median(loads: list[Load]) -> dict[str, float]:
    """Medians over the rounds, failures added up."""
    return {
        "requests_per_s": statistics.median(load.requests_per_s for load in loads),
        "p50_ms": statistics.median(load.p50_ms for load in loads),
        "p99_ms": statistics.median(load.p99_ms for load in loads),
        "failed": sum(load.failed for load in loads),
    }


if __name__ == "__main__":
    sys.exit(main())
