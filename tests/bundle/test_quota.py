"""The cores of a process, by the scheduler and by control groups."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mlapi.bundle import quota
from mlapi.bundle.quota import cpu_quota, n_cores, own_cores, share_with

V2, V1 = "0::/a/b", "4:memory:/x\n3:cpu,cpuacct:/a/b\n0::/"
QUOTA, PERIOD = "cpu.cfs_quota_us", "cpu.cfs_period_us"


def quota_of(tmp_path: Path, groups: str, files: Mapping[str, str]) -> float | None:
    membership, root = tmp_path / "cgroup", tmp_path / "fs"
    membership.write_text(groups + "\n")
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content + "\n")
    return cpu_quota(root, membership)


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        pytest.param(V2, {"a/b/cpu.max": "150000 100000"}, 1.5, id="v2"),
        pytest.param(V2, {"a/b/cpu.max": "max 100000"}, None, id="v2, no limit"),
        pytest.param(V2, {"a/b/cpu.max": "400000 100000", "a/cpu.max": "50000 100000"}, 0.5, id="v2, group around"),
        pytest.param("0::/", {"cpu.max": "200000 100000"}, 2.0, id="v2, as a container sees it"),
        pytest.param(
            "0::/../other", {"cpu.max": "200000 100000", "other/cpu.max": "1 1000"}, 2.0, id="v2, not in here"
        ),
        pytest.param("0::/docker/1", {"cpu.max": "200000 100000"}, 2.0, id="v2, the group is not mounted"),
        pytest.param(V2, {"a/b/cpu.max": ""}, None, id="v2, empty"),
        pytest.param(V2, {"a/b/cpu.max": "1000 0"}, None, id="v2, no period"),
        pytest.param(V2, {"a/b/cpu.max": "many 100000"}, None, id="v2, no number"),
        pytest.param(V1, {f"cpu/a/b/{QUOTA}": "250000", f"cpu/a/b/{PERIOD}": "100000"}, 2.5, id="v1"),
        pytest.param(V1, {f"cpu,cpuacct/a/{QUOTA}": "5000", f"cpu,cpuacct/a/{PERIOD}": "10000"}, 0.5, id="v1, around"),
        pytest.param(V1, {f"cpu/{QUOTA}": "-1", f"cpu/{PERIOD}": "100000"}, None, id="v1, no limit"),
        pytest.param(V1, {f"memory/{QUOTA}": "5000", f"memory/{PERIOD}": "10000"}, None, id="v1, another controller"),
        pytest.param("nonsense", {}, None, id="nonsense"),
    ],
)
def test_reads_the_least_quota(tmp_path: Path, groups: str, files: Mapping[str, str], expected: float | None) -> None:
    assert quota_of(tmp_path, groups, files) == expected


def test_knows_of_no_quota_where_there_are_no_groups(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path, tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("allowed", "given", "expected"),
    [(8, None, 8), (8, 2.0, 2), (8, 2.9, 2), (8, 0.3, 1), (2, 4.0, 2)],
)
def test_counts_whole_cores(monkeypatch: pytest.MonkeyPatch, allowed: int, given: float | None, expected: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(allowed)), raising=False)
    monkeypatch.setattr(quota, "cpu_quota", lambda: given)
    assert n_cores() == expected


def test_asks_the_machine_where_the_scheduler_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    monkeypatch.setattr(quota, "cpu_quota", lambda: None)
    assert n_cores() == 5


@pytest.mark.parametrize(("workers", "expected"), [(1, 8), (2, 4), (3, 2), (20, 1), (0, 1)])
def test_workers_divide_the_cores(monkeypatch: pytest.MonkeyPatch, workers: int, expected: int) -> None:
    monkeypatch.setattr(quota, "_sharers", 1)
    monkeypatch.setattr(quota, "n_cores", lambda: 8)
    share_with(workers)
    assert own_cores() == expected


def test_the_machine_of_the_test_has_a_core() -> None:
    assert 1 <= own_cores() <= n_cores()


def test_a_group_with_half_a_core_gives_one() -> None:
    """In a real control group, where this user may make one."""
    parent = next((path for path in map(Path, ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup")) if path.is_dir()), None)
    if parent is None or not os.access(parent, os.W_OK):
        pytest.skip("no control group can be made here")
    group = parent / f"mlapi-test-{os.getpid()}"
    try:
        group.mkdir()
        limit(group)
    except OSError:
        if group.is_dir():
            group.rmdir()
        pytest.skip("no control group can be limited here")
    try:
        assert inside(group) == "0.5 1"
    finally:
        group.rmdir()


def limit(group: Path) -> None:
    """Give it 50 ms of each 100."""
    if (group / QUOTA).exists():
        (group / PERIOD).write_text("100000")
        (group / QUOTA).write_text("50000")
    else:
        (group / "cpu.max").write_text("50000 100000")


def inside(group: Path) -> str:
    """What a process of the group finds."""
    script = (
        "import os, pathlib, sys\n"
        "pathlib.Path(sys.argv[1], 'cgroup.procs').write_text(str(os.getpid()))\n"
        "from mlapi.bundle import quota\n"
        "print(quota.cpu_quota(), quota.n_cores())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(group)], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()
