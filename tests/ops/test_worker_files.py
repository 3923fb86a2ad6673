"""Several processes that count together."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlapi.ops.metrics import Registry, merged
from mlapi.ops.worker_files import WorkerFile, claim, run_folder

COUNTER = """
import sys, time
from pathlib import Path
from mlapi.ops.metrics import Registry
from mlapi.ops.worker_files import claim

held = claim(Path(sys.argv[1]))
registry = Registry(tallies=held.tallies)
registry.put("mlapi_requests_in_flight", 1.0)
hits = registry.counter("mlapi_requests_total", "/predict", "200")
for _ in range(1000):
    hits.add()
print(held.path.name, flush=True)
sys.stdin.read()
"""


def start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", COUNTER, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def counted(file: WorkerFile) -> tuple[float, float]:
    """Requests and requests in flight, of all processes."""
    readings = file.readings()
    together = merged(
        [reading.entries for reading in readings if reading.alive],
        ended=[reading.entries for reading in readings if not reading.alive],
    )
    values = {sample.definition.name: sample.value for sample in together}
    return values["mlapi_requests_total"], values.get("mlapi_requests_in_flight", 0.0)


def test_counts_of_a_killed_process_stay_and_its_gauges_go(tmp_path: Path) -> None:
    mine = claim(tmp_path)
    processes = [start(tmp_path) for _ in range(3)]
    names = {process.stdout.readline().strip() for process in processes if process.stdout}
    assert len(names) == 3
    assert counted(mine) == (3000.0, 3.0)
    for process in processes:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert counted(mine) == (3000.0, 0.0)
    again = start(tmp_path)
    assert again.stdout is not None
    assert again.stdout.readline().strip() in names
    assert counted(mine) == (4000.0, 1.0)
    again.communicate()
    mine.release()


def test_gauges_of_the_process_before_are_forgotten(tmp_path: Path) -> None:
    first = claim(tmp_path)
    Registry(tallies=first.tallies).put("mlapi_requests_in_flight", 5.0)
    Registry(tallies=first.tallies).add("mlapi_requests_total", "/predict", "200")
    first.release()
    second = claim(tmp_path)
    assert second.path == first.path
    Registry(tallies=second.tallies).forget_gauges()
    assert counted(second) == (1.0, 0.0)
    second.release()


def test_what_ended_runs_left_is_removed_and_what_others_hold_is_not(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    over, held = tmp_path / f"{ended.pid}-1", tmp_path / f"{ended.pid}-2"
    claim(over).release()
    other = claim(held)
    strange = tmp_path / "notes"
    strange.mkdir()
    mine = claim(tmp_path / "run")
    assert not over.exists()
    assert held.exists()
    assert strange.exists()
    for file in (other, mine):
        file.release()


def test_a_run_is_told_by_its_owner_and_when_that_began(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, os.getpid())
    assert folder == run_folder(tmp_path, os.getpid())
    assert folder.parent == tmp_path / "metrics"
    claim(folder).release()
    claim(tmp_path / "metrics" / "run").release()
    assert folder.exists()  # its owner runs


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        claim(tmp_path / "file" / "run")


def test_there_are_no_more_files_than_processes_at_once(tmp_path: Path) -> None:
    for _ in range(10):
        claim(tmp_path).release()
    assert [path.name for path in tmp_path.iterdir()] == ["0.tallies"]
