"""Everything that `make bench` measures, in five minutes, and whether it has become slower.

Engine, decoding, servers and load shapes, on the model and the rows of benchmarks/peers. Results go to
benchmarks/results and the tables of benchmarks/README.md, and are held against the results that were last committed:
beyond the tolerance the exit status is 1. Committing the new results accepts them; `--accept` does not complain.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks import encode, engine, regression, report, serving, shapes
from benchmarks.load import WrkMissing
from benchmarks.open_loop import LoadFault
from benchmarks.peers import machine, model

PARTS = ("engine", "encode", "serving", "shapes")


def main() -> int:
    arguments = parse()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    before = {name: found for name in arguments.only if (found := regression.committed(name)) is not None}
    try:
        results = measure(arguments.only, rounds=arguments.rounds, seconds=arguments.seconds)
    except (WrkMissing, LoadFault) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    for name, found in results.items():
        report.save(name, found)
    return judge(before, results, accept=arguments.accept)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--seconds", type=int, default=1, help="length of one load by wrk (default 1)")
    parser.add_argument("--only", type=names, default=PARTS, help=f"some of {','.join(PARTS)}")
    parser.add_argument("--accept", action="store_true", help="exit with 0 whatever the comparison says")
    return parser.parse_args()


def names(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := set(chosen) - set(PARTS):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return chosen


def measure(parts: Iterable[str], *, rounds: int, seconds: int) -> dict[str, dict[str, Any]]:
    """Give the results of some parts, each with the machine and how busy it was."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        print("training the booster", file=sys.stderr)
        made = model.make(Path(scratch))
        bench = serving.bench_of(made, seconds)
        bundle = made.state / "serving" / model.NAME / "versions" / "1"
        measures: dict[str, Callable[[], dict[str, object]]] = {
            "engine": lambda: engine.measure(3 * rounds),
            "encode": lambda: encode.measure(encode.encoder_of(bundle), made.rows, rounds=3 * rounds),
            "serving": lambda: serving.measure(bench, rounds=rounds),
            "shapes": lambda: shapes.measure(bench),
        }
        return {name: _noted(name, measures[name], rounds, seconds) for name in parts}


def _noted(name: str, part: Callable[[], dict[str, object]], rounds: int, seconds: int) -> dict[str, object]:
    print(f"measuring: {name}", file=sys.stderr)
    before = machine.describe()
    found = part()
    return {
        "command": f"make bench ARGS='--rounds {rounds} --seconds {seconds}'",
        "host": before | {"load_average_after": machine.load_average()},
        **found,
    }


def judge(before: dict[str, Any], now: dict[str, Any], *, accept: bool) -> int:
    """Print the comparison with the committed results; 1 if a ratio fell by more than is tolerated."""
    found = regression.changes(regression.ratios(before), regression.ratios(now))
    print(regression.table(found))
    worse = [change.name for change in found if change.worse]
    if not worse:
        return 0
    print(f"benchmarks: slower than committed: {'; '.join(worse)}", file=sys.stderr)
    if accept:
        return 0
    print("benchmarks: run it again on a machine that is idle; commit the results to accept them", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
