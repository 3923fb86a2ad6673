"""The follower's process: when it looks, when it ends, and that it is the only one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlapi.bundle.breaker import CircuitBreaker
from mlapi.bundle.errors import StoreError
from mlapi.bundle.follow_state import FollowState, State
from mlapi.bundle.following import LOCK_FILE, only_follower, patrol, pause_s, run
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.wake import Wake
from tests.bundle.store.contract import write_bundle
from tests.bundle.store.test_isolated import is_running, wait_until
from tests.bundle.test_breaker import Clock

ROOT = Path(__file__).parents[2]


class Steps:
    """A follower that finds what it is told to; imitates `Follower` without a store."""

    def __init__(self, root: Path, found: list[State]) -> None:
        self.local = DirectoryStore(root)
        self.found = found
        self.rechecked_before: list[int] = []
        self.steps = 0
        self.has_copy = True

    def recheck(self) -> None:
        self.rechecked_before.append(self.steps)

    def step(self) -> FollowState:
        self.steps += 1
        return FollowState(state=self.found.pop(0), checked_at="")


class Waits:
    """Ends after as many waits as there are answers; notes how long each was to be."""

    def __init__(self, *kicks: bool) -> None:
        self.kicks = list(kicks)
        self.seconds: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        if not self.kicks:
            raise SystemExit(0)
        return self.kicks.pop(0)


def breaker() -> CircuitBreaker:
    return CircuitBreaker(clock=Clock(), uniform=lambda low, high: 1.0)


def test_it_looks_at_every_interval_and_at_everything_after_a_kick(tmp_path: Path) -> None:
    steps, waits = Steps(tmp_path, ["ok", "refused", "ok", "ok"]), Waits(False, True, False)
    with pytest.raises(SystemExit):
        patrol(steps, waits, 10, breaker())
    assert waits.seconds == [10] * 4
    assert steps.rechecked_before == [2]


def test_a_store_that_stays_away_is_asked_less_often(tmp_path: Path) -> None:
    found: list[State] = [*["unreachable"] * 7, "ok"]  # type: ignore[list-item]  # a list of literals is one of texts
    steps, waits = Steps(tmp_path, found), Waits(*[False] * 7)
    with pytest.raises(SystemExit):
        patrol(steps, waits, 10, breaker())
    assert waits.seconds == [10, 10, 10, 10, 30, 30, 30, 10]


def test_a_long_interval_is_not_shortened_by_the_breaker(tmp_path: Path) -> None:
    opened = breaker()
    for _ in range(5):
        opened.failed()
    assert pause_s(Steps(tmp_path, []), 300, opened) == 300


@pytest.mark.parametrize(("interval_s", "expected_s"), [(30, 2), (1, 1)])
def test_with_nothing_to_serve_it_looks_every_other_second(
    tmp_path: Path, interval_s: float, expected_s: float
) -> None:
    opened = breaker()
    for _ in range(5):
        opened.failed()
    steps = Steps(tmp_path, [])
    steps.has_copy = False
    assert pause_s(steps, interval_s, opened) == expected_s


def test_the_lock_names_its_holder_and_is_let_go_of(tmp_path: Path) -> None:
    root = tmp_path / "serving"
    for _ in range(2):
        with only_follower(root, None):
            assert (root / LOCK_FILE).read_text() == f"{os.getpid()}\n"
            holder = f"another follower .process {os.getpid()}. keeps"
            with pytest.raises(StoreError, match=holder), only_follower(root, None):
                pass


def test_who_may_wait_says_so_once_and_takes_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = only_follower(tmp_path, None)
    first.__enter__()
    waits = Waits(False, False, False)
    ends = iter([False, True, False])

    def wait(seconds: float) -> bool:
        if next(ends):
            first.__exit__(None, None, None)
        return Waits.wait(waits, seconds)

    waits.wait = wait  # type: ignore[method-assign]  # the lock is let go of during the second wait
    with only_follower(tmp_path, waits):
        assert waits.seconds == [2, 2]
    assert [record.getMessage() for record in caplog.records] == [
        f"another follower (process {os.getpid()}) keeps {tmp_path}; waiting for its end"
    ]


def test_a_lock_file_without_a_number_is_somebody_unknown(tmp_path: Path) -> None:
    with only_follower(tmp_path, None):
        (tmp_path / LOCK_FILE).write_text("")
        with pytest.raises(StoreError, match="process unknown"), only_follower(tmp_path, None):
            pass


def test_run_drives_a_follower_until_a_signal(tmp_path: Path) -> None:
    class Once(Steps):
        def step(self) -> FollowState:
            signal.raise_signal(signal.SIGTERM)
            return super().step()

    for with_parent in (False, True):
        steps = Once(tmp_path, ["ok"])
        with pytest.raises(SystemExit) as ended:
            run(steps, with_parent=with_parent)
        assert ended.value.code == 0
        assert steps.found == ["ok"]  # it did not get to the end of the step


class Process:
    """A follower's process."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self.popen = popen

    def line(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().strip()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(30)


def command(folder: Path, interval_s: float = 3600, *, alone: bool = False) -> list[str]:
    places = [str(folder / "upstream"), str(folder / "serving")]
    return [sys.executable, "-m", "tests.fixtures.follower_process", *places, str(interval_s), "1" if alone else "0"]


@contextmanager
def following(folder: Path, interval_s: float = 3600, *, alone: bool = False) -> Iterator[Process]:
    argv = command(folder, interval_s, alone=alone)
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as popen:
        try:
            yield Process(popen)
        finally:
            popen.kill()


@pytest.fixture
def upstream(tmp_path: Path) -> DirectoryStore:
    store = DirectoryStore(tmp_path / "upstream")
    for _ in range(3):
        store.add("m", write_bundle(tmp_path))
    store.promote("m", "production", "1", by="ada")
    return store


def test_a_kick_wakes_it_at_once_and_a_signal_ends_it(upstream: DirectoryStore, tmp_path: Path) -> None:
    with following(tmp_path) as process:
        assert process.line() == "adopted 1 -"
        upstream.promote("m", "production", "2", by="ada")
        process.popen.send_signal(signal.SIGHUP)
        assert process.line() == "adopted 2 -"
        upstream.promote("m", "production", "3", by="ada")
        (tmp_path / "serving" / "kick").touch()
        assert process.line() == "adopted 3 -"
        assert process.end() == 0
    assert DirectoryStore(tmp_path / "serving").resolve("m", "production").version == "3"


def test_it_looks_by_itself_and_ctrl_c_ends_it(upstream: DirectoryStore, tmp_path: Path) -> None:
    with following(tmp_path, interval_s=0.05, alone=True) as process:
        assert process.line() == "adopted 1 -"
        upstream.promote("m", "production", "2", by="ada")
        assert process.line() == "adopted 2 -"
        assert process.end(signal.SIGINT) == 0


def test_a_second_one_of_its_own_says_so_and_fails(upstream: DirectoryStore, tmp_path: Path) -> None:
    with following(tmp_path) as first:
        assert first.line() == "adopted 1 -"
        with following(tmp_path, alone=True) as second:
            assert f"process {first.popen.pid}" in second.line()
            assert second.popen.wait(30) == 1


def test_a_second_one_with_a_parent_takes_over(upstream: DirectoryStore, tmp_path: Path) -> None:
    with following(tmp_path) as first:
        assert first.line() == "adopted 1 -"
        with following(tmp_path) as second:
            wait_until(lambda: (tmp_path / "serving" / LOCK_FILE).read_text() == f"{first.popen.pid}\n")
            first.popen.kill()
            first.popen.wait()
            upstream.promote("m", "production", "2", by="ada")
            assert second.line() == "adopted 2 -"
            assert second.end() == 0


def test_it_does_not_outlive_its_parent(upstream: DirectoryStore, tmp_path: Path) -> None:
    program = (
        "import subprocess, sys; child = subprocess.Popen(sys.argv[1:]); print(child.pid, flush=True); child.wait()"
    )
    argv = [sys.executable, "-c", program, *command(tmp_path)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline().strip() == "adopted 1 -"
        parent.kill()
    wait_until(lambda: not is_running(pid))


def test_a_wait_ends_by_itself_when_nobody_kicks(tmp_path: Path) -> None:
    with Wake(None) as wake:
        assert not wake.wait(0)
        assert not wake.wait(0.01)


def test_a_kick_before_the_wait_counts_once(tmp_path: Path) -> None:
    with Wake(tmp_path / "kick") as wake:
        (tmp_path / "kick").touch()
        assert wake.wait(3600)
        assert not wake.wait(0)
        os.kill(os.getpid(), signal.SIGHUP)
        assert wake.wait(3600)
        (tmp_path / "kick").unlink()
        assert wake.wait(3600)
        assert not wake.wait(0)


def test_kicks_without_end_do_no_harm() -> None:
    with Wake(None) as wake:
        for _ in range(100_000):  # more than a pipe holds
            signal.raise_signal(signal.SIGHUP)
        while wake.wait(0):
            pass
        assert not wake.wait(0)


def test_an_orphan_ends() -> None:
    with Wake(None, orphaned=lambda: True) as wake, pytest.raises(SystemExit) as ended:
        wake.wait(3600)
    assert ended.value.code == 0


def test_the_handlers_before_are_put_back() -> None:
    numbers = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    with Wake(None):
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
