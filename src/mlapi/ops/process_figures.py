"""What processes use of the machine, from Linux' /proc; nothing elsewhere."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from mlapi.ops.metrics import Definition, Kind, Sample

_WORKER: Final = ("worker",)
CPU: Final = Definition("mlapi_process_cpu_seconds_total", Kind.COUNTER, "seconds", _WORKER, "CPU time, all threads.")
MEMORY: Final = Definition("mlapi_process_resident_bytes", Kind.GAUGE, "bytes", _WORKER, "Memory in use.")
FILES: Final = Definition("mlapi_process_open_files", Kind.GAUGE, "files", _WORKER, "Open file descriptors.")


def samples(processes: dict[str, int]) -> Iterator[Sample]:
    """Give the figures of some processes.

    Args:
        processes: process id by the name of the worker.
    """
    found = {name: figures for name, pid in sorted(processes.items()) if (figures := _figures(pid))}
    for place, definition in enumerate((CPU, MEMORY, FILES)):
        yield from (Sample(definition, (name,), figures[place]) for name, figures in found.items())


def _figures(pid: int) -> tuple[float, float, float] | None:
    """Seconds of CPU, resident bytes, open files; see proc(5)."""
    folder = Path(f"/proc/{pid}")
    with suppress(OSError):
        fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        pages = (folder / "statm").read_text(encoding="ascii").split()[1]
        cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        n_files = len(os.listdir(folder / "fd"))  # noqa: PTH208  # names only
        return cpu_s, float(int(pages) * os.sysconf("SC_PAGE_SIZE")), float(n_files)
    return None
