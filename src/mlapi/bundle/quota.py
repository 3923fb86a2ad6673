"""How many cores this process may keep busy: where the scheduler lets it run, and what its control groups are given.

A container with half a core sees every core of the machine; threads for all of them would only be put to sleep in turn.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
_MEMBERSHIP: Final = Path("/proc/self/cgroup")
_V1_FOLDERS: Final = ("cpu", "cpu,cpuacct")
_sharers = 1  # processes that divide the cores among themselves


def share_with(n_processes: int) -> None:
    """Say that so many processes, this one included, have the cores together; 0 or less counts as one for each core."""
    global _sharers  # noqa: PLW0603  # it is the process's, as the cores are
    _sharers = n_processes if n_processes > 0 else n_cores()


def own_cores() -> int:
    """This process's part of `n_cores`, at least 1."""
    return max(1, n_cores() // _sharers)


def n_cores() -> int:
    """Cores that this process may keep busy; the whole ones of a quota, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota()
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def cpu_quota(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> float | None:
    """Give the processor time a second that the control groups leave to this process.

    Args:
        root: where control groups are mounted (cgroups(7)).
        membership: which of them the process is in.

    Returns:
        The least of the group's quota and those of the groups around it; None where there is none, or no such files.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    quotas = [quota for line in lines for quota in _quotas(root, line)]
    return min(quotas, default=None)


def _quotas(root: Path, line: str) -> Iterator[float]:
    """Give the quotas that count by one line of the membership, `number:controllers:path`; version 2 names none."""
    _, _, rest = line.partition(":")
    controllers, _, path = rest.partition(":")
    if controllers and "cpu" not in controllers.split(","):
        return
    for mount in [root] if not controllers else [root / name for name in _V1_FOLDERS]:
        for folder in _around(mount, path):
            quota = _quota_v1(folder) if controllers else _quota_v2(folder)
            if quota is not None:
                yield quota


def _around(mount: Path, path: str) -> list[Path]:
    """The folders of a group and of those around it; of a group that is not seen from in here, the outermost."""
    inner = PurePosixPath(path.lstrip("/"))
    parts = [] if ".." in inner.parts else [inner, *inner.parents]
    return [*(mount / part for part in parts), mount]


def _quota_v2(folder: Path) -> float | None:
    """`cpu.max` holds the quota and the period in µs, the quota `max` where there is none."""
    return _ratio(*_numbers(folder / "cpu.max", 2))


def _quota_v1(folder: Path) -> float | None:
    """Two files, the quota -1 where there is none."""
    return _ratio(*_numbers(folder / "cpu.cfs_quota_us", 1), *_numbers(folder / "cpu.cfs_period_us", 1))


def _ratio(*numbers: int) -> float | None:
    quota, period = numbers if len(numbers) == 2 else (0, 0)
    return quota / period if quota > 0 and period > 0 else None


def _numbers(file: Path, n: int) -> tuple[int, ...]:
    try:
        words = file.read_text(encoding="ascii").split()
        return tuple(map(int, words)) if len(words) == n else ()
    except (OSError, ValueError):
        return ()
