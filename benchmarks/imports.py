"""What a process imports, from Python's own account (`-X importtime`)."""

import re
import subprocess
import sys
from collections.abc import Iterable
from typing import NamedTuple

LINE = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \|( +)(\S+)")
OURS = "mlapi"


class Imported(NamedTuple):
    """One module: its own time, and with what it was the first to import, in µs; how deep it stood."""

    name: str
    self_us: int
    total_us: int
    depth: int


class Package(NamedTuple):
    """The modules of one package: how many, their own time, and that of everything imported on their behalf, in ms."""

    name: str
    modules: int
    self_ms: float
    total_ms: float


def profile(statement: str, *, runs: int = 5) -> list[Imported]:
    """Run a statement in fresh processes; gives the run that took least."""
    return min((_run(statement) for _ in range(runs)), key=lambda found: sum(one.self_us for one in found))


def parse(text: str) -> list[Imported]:
    """Read the account; modules stand after those that they were the first to import, two spaces less deep."""
    found = (LINE.match(line) for line in text.splitlines())
    return [Imported(line[4], int(line[1]), int(line[2]), len(line[3]) // 2) for line in found if line]


def packages(modules: Iterable[Imported]) -> list[Package]:
    """Add up by package, the slowest first; our own by its rooms."""
    sums: dict[str, list[int]] = {}
    above: list[Imported] = []
    for one in reversed(list(modules)):  # so that whoever imports stands before what it imports
        del above[one.depth :]
        name = package_of(one.name)
        counted = sums.setdefault(name, [0, 0, 0])
        counted[0] += 1
        counted[1] += one.self_us
        if all(package_of(other.name) != name for other in above):
            counted[2] += one.total_us
        above.append(one)
    found = [Package(name, n, own / 1000, total / 1000) for name, (n, own, total) in sums.items()]
    return sorted(found, key=lambda package: -package.self_ms)


def package_of(module: str) -> str:
    """The distribution's top name; ours with the room; the standard library as one."""
    top, _, rest = module.partition(".")
    if top == OURS and rest:
        return f"{OURS}.{rest.partition('.')[0]}"
    return "standard library" if top in sys.stdlib_module_names else top


def _run(statement: str) -> list[Imported]:
    command = [sys.executable, "-X", "importtime", "-c", statement]
    return parse(subprocess.run(command, capture_output=True, text=True, check=True).stderr)
