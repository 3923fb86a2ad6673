"""The child beside the server."""

import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from mlapi.app.supervisor import FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_S, Supervisor, spawn

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)",
]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Starts:
    """Starts real processes and keeps them."""

    def __init__(self) -> None:
        self.children: list[subprocess.Popen[bytes]] = []

    def __call__(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        self.children.append(spawn(argv))
        return self.children[-1]

    def end_last(self) -> None:
        self.children[-1].kill()
        self.children[-1].wait()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def starts() -> Iterator[Starts]:
    starts = Starts()
    yield starts
    for child in starts.children:
        child.kill()
        child.wait()


def test_starts_the_child_at_the_first_tick_and_once(clock: Clock, starts: Starts) -> None:
    supervisor = Supervisor(SLEEPER, start=starts, clock=clock)
    assert supervisor.pid is None
    supervisor.tick()
    supervisor.tick()
    assert [child.pid for child in starts.children] == [supervisor.pid]
    supervisor.stop()


def test_starts_a_dead_child_again_after_a_wait(clock: Clock, starts: Starts) -> None:
    supervisor = Supervisor(SLEEPER, start=starts, clock=clock)
    supervisor.tick()
    starts.end_last()
    supervisor.tick()
    assert (len(starts.children), supervisor.pid) == (1, None)
    clock.now += FIRST_WAIT_S
    supervisor.tick()
    assert (len(starts.children), supervisor.pid) == (2, starts.children[-1].pid)
    supervisor.stop()


def test_waits_longer_after_each_death_up_to_a_limit(clock: Clock, starts: Starts) -> None:
    supervisor = Supervisor(SLEEPER, start=starts, clock=clock)
    assert _waits(supervisor, starts, clock, deaths=9) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert LONGEST_WAIT_S == 30
    supervisor.stop()


def test_a_child_that_lived_long_is_started_again_soon(clock: Clock, starts: Starts) -> None:
    supervisor = Supervisor(SLEEPER, start=starts, clock=clock)
    assert _waits(supervisor, starts, clock, deaths=3) == [0.5, 1, 2]
    clock.now += STEADY_S
    assert _waits(supervisor, starts, clock, deaths=1) == [0.5]
    supervisor.stop()


def test_tries_again_where_the_child_cannot_be_started(clock: Clock) -> None:
    tried: list[Sequence[str]] = []

    def fail(argv: Sequence[str]) -> subprocess.Popen[bytes]:
        tried.append(argv)
        raise FileNotFoundError(2, "No such file or directory")

    supervisor = Supervisor(["missing"], start=fail, clock=clock)
    supervisor.tick()
    supervisor.tick()
    clock.now += FIRST_WAIT_S
    supervisor.tick()
    assert tried == [["missing"]] * 2
    supervisor.stop()


def test_stop_ends_the_child_for_good(clock: Clock, starts: Starts) -> None:
    supervisor = Supervisor(SLEEPER, start=starts, clock=clock)
    supervisor.tick()
    supervisor.stop()
    assert starts.children[0].returncode is not None
    clock.now += LONGEST_WAIT_S
    supervisor.tick()
    assert len(starts.children) == 1


def test_stop_kills_a_child_that_does_not_listen(clock: Clock, starts: Starts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlapi.app.supervisor.END_S", 0.1)
    read = subprocess.Popen(STUBBORN, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert read.stdout is not None
    read.stdout.readline()  # its handler is in place
    supervisor = Supervisor(STUBBORN, start=lambda argv: read, clock=clock)
    supervisor.tick()
    supervisor.stop()
    assert read.returncode == -9
    read.stdout.close()


def _waits(supervisor: Supervisor, starts: Starts, clock: Clock, *, deaths: int) -> list[float]:
    """How long each start after a death was waited for, to half a second."""
    waits = []
    for _ in range(deaths):
        supervisor.tick()
        starts.end_last()
        started, died_at = len(starts.children), clock.now
        supervisor.tick()
        while len(starts.children) == started:
            clock.now += 0.5
            supervisor.tick()
        waits.append(clock.now - died_at)
    return waits
