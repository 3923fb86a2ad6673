"""Keeps one child process running: the follower, or a worker."""

import logging
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

FIRST_WAIT_S = 0.5  # before the first restart; doubled with each further one
LONGEST_WAIT_S = 30.0
STEADY_S = 60.0  # a child that lived this long is taken to be well, and the waits begin anew
END_S = 5.0  # between asking a child to end and killing it

log = logging.getLogger(__name__)
Start = Callable[[Sequence[str]], "subprocess.Popen[bytes]"]


def spawn(
    argv: Sequence[str], *, environ: Mapping[str, str] | None = None, descriptors: Sequence[int] = ()
) -> "subprocess.Popen[bytes]":
    """Start a process that reads nothing and writes where this process writes; raises OSError.

    Where it inherits descriptors it is a worker, which gets a process group of its own: Ctrl-C reaches this process
    alone, which then ends the workers in good order.
    """
    return subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, env=environ, pass_fds=descriptors, process_group=0 if descriptors else None
    )


class Supervisor:
    """Starts a child, and starts it again when it has ended; asked from time to time, it needs no thread or timer."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        start: Start = spawn,
        clock: Callable[[], float] = time.monotonic,
        name: str = "follower",
    ) -> None:
        """Take what to run.

        Args:
            argv: the child's command line.
            start: starts it; raises OSError.
            clock: seconds, monotonic.
            name: of the child in the log.
        """
        self._argv = argv
        self._name = name
        self._start = start
        self._clock = clock
        self._child: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._wait_s = FIRST_WAIT_S
        self._due_at: float | None = clock()
        self._asked = False  # to end

    @property
    def pid(self) -> int | None:
        """Process id of the running child."""
        return self._child.pid if self._child else None

    def tick(self) -> None:
        """Look after the child: note its end, start it when a start is due."""
        if self._child is not None and self._child.poll() is not None:
            self._note_end(self._child.returncode)
        if self._due_at is not None and self._clock() >= self._due_at:
            self._begin()

    def ask(self, number: signal.Signals) -> None:
        """Hand a signal on to the child, if there is one; it is not started again."""
        self._due_at = None
        if self._child is not None:
            self._child.send_signal(number)
            self._asked = True

    def stop(self, patience_s: float | None = None, *, by: signal.Signals = signal.SIGTERM) -> None:
        """End the child and wait for it; it is not started again.

        Args:
            patience_s: before it is killed; `END_S` if None.
            by: the signal that asks it to end, unless it was asked already.
        """
        if not self._asked:
            self.ask(by)
        if self._child is None:
            return
        try:
            self._child.wait(END_S if patience_s is None else patience_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def _begin(self) -> None:
        self._due_at = None
        self._started_at = self._clock()
        try:
            self._child = self._start(self._argv)
        except OSError as error:
            self._report("not started", {"error.message": error.strerror})
            self._schedule()

    def _note_end(self, status: int) -> None:
        self._child = None
        if self._clock() - self._started_at >= STEADY_S:
            self._wait_s = FIRST_WAIT_S
        self._report("ended", {"process.exit_code": status})
        self._schedule()

    def _report(self, what: str, fields: dict[str, object]) -> None:
        log.error(
            "%s %s; next try in %g s",
            self._name,
            what,
            self._wait_s,
            extra={"fields": {"event.action": f"{self._name}-end", **fields}},
        )

    def _schedule(self) -> None:
        self._due_at = self._clock() + self._wait_s
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)
