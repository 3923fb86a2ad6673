"""Other servers beside ours, on one booster, in interleaved rounds.

Run as `make bench-peers` or `python -m benchmarks.peers`. Each peer lives in an environment of its own, is checked
against the booster before it is measured, and is ended before the next one starts.
"""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import open_loop, report
from benchmarks.load import WrkMissing
from benchmarks.peers import environments, machine, model, plot
from benchmarks.peers.catalogue import PEERS, Peer, here
from benchmarks.peers.measuring import Bench
from benchmarks.peers.process import PeerFault
from benchmarks.peers.table import peers_table

ROOT = Path(__file__).parents[2]


def main() -> int:
    arguments = parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the servers are ended then too
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    chosen = {name: PEERS[name] for name in arguments.only or PEERS}
    pythons, refused = install(chosen, arguments.directory.absolute())
    if arguments.setup:
        return report_setup(refused)
    ready = {name: peer for name, peer in chosen.items() if name in pythons}
    try:
        results = measure(ready, pythons, rounds=arguments.rounds, seconds=arguments.seconds)
    except WrkMissing as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("benchmarks: interrupted; every server that was started has been ended", file=sys.stderr)
        return 130
    results["refused"] = refused | results["refused"]
    results["labels"] = {name: peer.label for name, peer in chosen.items()}
    if arguments.only:
        print(peers_table(results))  # a part is no result to keep
    else:
        report.save("peers", results)
        plot.draw(results, ROOT / "benchmarks" / "results" / "peers.svg")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; medians are reported (default 5)")
    parser.add_argument("--seconds", type=int, default=2, help="length of one load (default 2)")
    parser.add_argument("--only", type=names, help=f"some of {','.join(PEERS)}; then the table is printed, not kept")
    parser.add_argument("--setup", action="store_true", help="make the environments and measure nothing")
    parser.add_argument(
        "--directory", type=Path, default=ROOT / "build" / "peers", help="of the environments (default build/peers)"
    )
    return parser.parse_args()


def names(text: str) -> list[str]:
    chosen = text.split(",")
    if unknown := set(chosen) - set(PEERS):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    return chosen


def install(peers: dict[str, Peer], directory: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """Give the Python of each peer, and why some have none."""
    pythons, refused = {}, {}
    for name, peer in peers.items():
        try:
            pythons[name] = environments.prepare(peer.lock, directory) if peer.lock else here()
        except PeerFault as fault:
            refused[name] = str(fault)
    return pythons, refused


def report_setup(refused: dict[str, str]) -> int:
    for name, reason in refused.items():
        print(f"{name}: {reason}", file=sys.stderr)
    return 1 if refused else 0


def measure(peers: dict[str, Peer], pythons: dict[str, Path], *, rounds: int, seconds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        print("training the booster", file=sys.stderr)
        bench = Bench(model.make(Path(scratch)), pythons, seconds, tails=can_ask_openly())
        before = machine.describe()
        seen, refused = bench.run(peers, rounds)
    locks = {peer.lock: pythons[name] for name, peer in peers.items() if peer.lock}
    return {
        "command": f"make bench-peers ARGS='--rounds {rounds} --seconds {seconds}'",
        "rounds": rounds,
        "seconds": seconds,
        "trees": model.TREES,
        "depth": model.DEPTH,
        "host": before | {"load_average_after": machine.load_average()},
        "versions": {lock: environments.versions(python, environments.wanted(lock)) for lock, python in locks.items()},
        "servers": {name: found.summary() for name, found in seen.items()},
        "refused": refused,
    }


def can_ask_openly() -> bool:
    try:
        open_loop.client()
    except open_loop.LoadFault as fault:
        print(f"without the open loop: {fault}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
