"""One worker of ours beside what its server costs anyway: start, memory, throughput, latency and CPU time a request.

Run by `make bench`. The servers and the way to measure them are those of benchmarks/peers.
"""

from benchmarks.peers.catalogue import PEERS, here
from benchmarks.peers.measuring import Bench
from benchmarks.peers.model import Model

SERVERS = ("constant", "constant-logged", "route", "mlapi", "mlapi-log")


def bench_of(model: Model, seconds: int) -> Bench:
    return Bench(model, dict.fromkeys(SERVERS, here()), seconds)


def measure(bench: Bench, *, rounds: int) -> dict[str, object]:
    """Give figures by server.

    Raises:
        RuntimeError: a server does not start or answers wrongly; without it there is nothing to compare.
    """
    seen, refused = bench.run({name: PEERS[name] for name in SERVERS}, rounds)
    if refused:
        raise RuntimeError("; ".join(f"{name}: {reason}" for name, reason in refused.items()))
    return {
        "rounds": rounds,
        "seconds": bench.seconds,
        "labels": {name: PEERS[name].label for name in SERVERS},
        "servers": {name: found.summary() for name, found in seen.items()},
    }
