"""The machine that the figures come from."""

import os
import platform
from pathlib import Path


def describe() -> dict[str, object]:
    """Give processor, cores, memory, kernel, and how busy it was before."""
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "load_average_before": load_average(),
    }


def load_average() -> float:
    """Processes that ran or wanted to, on average of the last minute."""
    return round(os.getloadavg()[0], 2)


def _field(path: str, name: str) -> str:
    lines = Path(path).read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
