"""Load in the shapes that users make, on one worker of ours: even, in bursts, too much, of mixed sizes, rising.

Run by `make bench`, or alone as `python -m benchmarks.shapes`. Every load is open-loop (`open_loop.py`): requests come
when they come, and their time counts from then.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import load, report
from benchmarks.arrivals import Stretch, poisson
from benchmarks.open_loop import WARMING_S, Answers, send
from benchmarks.peers import machine, model
from benchmarks.peers.catalogue import KEY, PEERS, here
from benchmarks.peers.measuring import Bench

SHARE = 0.7  # of the most that a closed loop gets
MIX = {1: 0.70, 10: 0.20, 100: 0.09, 1000: 0.01}  # rows of a request: how many of the requests
TENFOLD = 10
CONNECTIONS = 512
EVEN_S = 4  # with what comes before less than five seconds: then connections are closed that have asked nothing yet
WINDOW_S = 0.1


@dataclass(frozen=True)
class Asker:
    """Sends what is due to one server.

    Attributes:
        url: of POST /predict.
        bodies: by their number of rows.
        scale: of every time; 1 for the kept figures.
        seed: of all arrivals.
    """

    url: str
    bodies: Mapping[int, bytes]
    scale: float
    seed: int = 0

    def ask(self, stretches: Sequence[Stretch], mix: Mapping[int, float] | None = None) -> Answers:
        """Send at the rates of some stretches; the bodies of the answers are numbered as `bodies` are."""
        due = poisson([Stretch(part.seconds * self.scale, part.rate, part.end_rate) for part in stretches], self.seed)
        shares = [(mix or {1: 1.0}).get(n_rows, 0.0) for n_rows in self.bodies]
        picks = np.random.default_rng([self.seed, 1]).choice(len(shares), len(due), p=shares)
        headers = {"Authorization": f"Bearer {KEY}"}
        return send(self.url, headers, list(self.bodies.values()), due, picks, connections=CONNECTIONS, grace_s=15)

    def ask_warm(self, stretch: Stretch, mix: Mapping[int, float] | None = None) -> Answers:
        """Send for half a second at the stretch's rate, and then the stretch itself, which alone counts."""
        return self.ask([Stretch(WARMING_S, stretch.rate), stretch], mix).since(WARMING_S * self.scale)


def measure(bench: Bench, *, scale: float = 1.0) -> dict[str, Any]:
    """Start our server, find the most that a closed loop gets, and ask in every shape."""
    with bench.serving("mlapi", PEERS["mlapi"]) as server:
        server.settle()
        url = f"http://127.0.0.1:{server.port}/predict"
        bodies = {n_rows: PEERS["mlapi"].encode(bench.model.rows[:n_rows]) for n_rows in MIX}
        most = {n_rows: closed_loop(url, body, n_rows, bench.seconds) for n_rows, body in bodies.items()}
        asker = Asker(url, bodies, scale)
        shapes = {
            f"steady at {SHARE * 100:.0f} %": steady(asker, most[1]),
            f"mixed rows at {SHARE * 100:.0f} %": mixed(asker, most),
            "tenfold burst": burst(asker, most[1]),
            "overload": overload(asker, most[1]),
            "ramp": ramp(asker, most[1]),
        }
    return {"capacity_per_s": {str(n_rows): rate for n_rows, rate in most.items()}, "shapes": shapes}


def closed_loop(url: str, body: bytes, n_rows: int, seconds: int) -> float:
    """Give the requests/s that wrk gets with 32 connections, or 4 where a request is of many rows."""
    connections = 32 if n_rows == 1 else 4
    return load.post(url, body, KEY, concurrency=connections, duration_s=seconds).requests_per_s


def steady(asker: Asker, most: float) -> dict[str, Any]:
    """One row a request, at a share of the most."""
    return figures(asker.ask_warm(Stretch(EVEN_S, SHARE * most)), EVEN_S * asker.scale)


def mixed(asker: Asker, most: Mapping[int, float]) -> dict[str, Any]:
    """Requests of 1 to 1,000 rows, at the same share of what they would take in turn; figures by size too."""
    rate = SHARE / sum(share / most[n_rows] for n_rows, share in MIX.items())
    found = asker.ask_warm(Stretch(EVEN_S, rate), MIX)
    sizes = {str(n): figures(found.part(found.body == i), EVEN_S * asker.scale) for i, n in enumerate(asker.bodies)}
    return figures(found, EVEN_S * asker.scale) | {"by_rows": sizes}


def burst(asker: Asker, most: float) -> dict[str, Any]:
    """A second of ten times what came before, which is twice the most; then as before."""
    calm = 2 * most / TENFOLD
    found = asker.ask([Stretch(2, calm), Stretch(1, TENFOLD * calm), Stretch(3, calm)])
    return in_three(found, 2 * asker.scale, 3 * asker.scale, 6 * asker.scale)


def overload(asker: Asker, most: float) -> dict[str, Any]:
    """A second of ten times the most; what is answered, what is refused, and how long it takes to get over it."""
    found = asker.ask([Stretch(2, 0.3 * most), Stretch(1, TENFOLD * most), Stretch(6, 0.3 * most)])
    return in_three(found, 2 * asker.scale, 3 * asker.scale, 9 * asker.scale)


def ramp(asker: Asker, most: float) -> dict[str, Any]:
    """From nothing to half more than the most; from where on it is late or refused."""
    seconds, top = 5 * asker.scale, 1.5 * most
    found = asker.ask([Stretch(5, 0, top)])
    begins = late_windows(found, limit_ms=50)
    knee = float(begins[0]) / seconds * 1.5 if len(begins) else None
    return figures(found, seconds) | {"late_from_share_of_most": knee}


def in_three(found: Answers, begin_s: float, end_s: float, over_s: float) -> dict[str, Any]:
    """Figures of the burst itself, with those before and after it, and the time until it was as before."""
    before = found.part(found.due_s < begin_s)
    during = found.part((found.due_s >= begin_s) & (found.due_s < end_s))
    after = found.part(found.due_s >= end_s)
    return figures(during, end_s - begin_s) | {
        "before": figures(before, begin_s),
        "after": figures(after, over_s - end_s),
        "recovered_after_s": recovery_s(after, end_s, calm_ms=2 * before.percentile_ms(99)),
    }


def figures(found: Answers, seconds: float) -> dict[str, Any]:
    """What was asked in so many seconds, and what became of it; latencies are of answers by 200."""
    held = np.maximum(found.done_s - found.sent_s, 0)[found.good] * 1e3
    span_s = float(found.done_s.max() - found.due_s.min()) if len(found) else 0.0
    return {
        "offered_per_s": len(found) / seconds,
        "good_per_s": float(found.good.sum()) / max(seconds, span_s),
        "answered": float(found.good.mean()) if len(found) else float("nan"),
        "statuses": {str(status): n for status, n in found.statuses().items()},
        "p50_ms": found.percentile_ms(50),
        "p99_ms": found.percentile_ms(99),
        "p999_ms": found.percentile_ms(99.9),
        "p99_from_sending_ms": float(np.percentile(held, 99)) if len(held) else float("nan"),
    }


def late_windows(found: Answers, *, limit_ms: float) -> NDArray[np.float64]:
    """Give the begins of the windows of due times in which a request was refused, or half of them took longer."""
    if not len(found):
        return np.empty(0)
    took = np.where(found.good, (found.done_s - found.due_s) * 1e3, np.inf)
    windows = (found.due_s / WINDOW_S).astype(int)
    late = [
        n for n in np.unique(windows) if np.median(took[windows == n]) > limit_ms or np.isinf(took[windows == n]).any()
    ]
    return np.array(late, np.float64) * WINDOW_S


def recovery_s(after: Answers, end_s: float, *, calm_ms: float) -> float:
    """Give the seconds from the end of a burst until the last window that was late."""
    late = late_windows(after, limit_ms=calm_ms)
    return float(late[-1]) + WINDOW_S - end_s if len(late) else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of every length of time (default 1)")
    parser.add_argument("--seconds", type=int, default=2, help="length of the closed loops (default 2)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shapes-") as scratch:
        bench = Bench(model.make(Path(scratch)), {"mlapi": here()}, arguments.seconds)
        before = machine.describe()
        results = measure(bench, scale=arguments.scale)
    report.save("shapes", {"host": before | {"load_average_after": machine.load_average()}} | results)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
