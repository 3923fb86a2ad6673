"""A run that is going on here, shown on the tracking server as it goes; while the server is away, that waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from mlapi.bundle.store.durable import locked
from mlapi.training.copying import RunCopier
from mlapi.training.errors import TrackingError
from mlapi.training.killed import PARENT_TAG
from mlapi.training.retrying import patiently

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from mlapi.training.tracking_server import TrackingServer

log = logging.getLogger(__name__)

AWAY_S: Final = 60.0  # before a server that did not answer is asked again, so that a search does not wait at each trial


class Shown(Protocol):
    """Where others see a run that is going on here."""

    def show(self, run_id: str) -> None:
        """Bring what others see up to date, if that can be done now; never raises."""
        ...

    def copy(self, run_id: str) -> str:
        """Bring what others see up to date, and give the run's id there.

        Raises:
            TrackingError: it cannot be done now.
        """
        ...

    def end(self, run_id: str) -> None:
        """Bring what others see to the run's end, with all below it; never raises."""
        ...


class Direct:
    """Of runs that are recorded where others see them."""

    def show(self, run_id: str) -> None:
        """See `Shown.show`."""

    def copy(self, run_id: str) -> str:
        """See `Shown.copy`."""
        return run_id

    def end(self, run_id: str) -> None:
        """See `Shown.end`."""


class Mirror:
    """Copies runs of the spool to the tracking server while they are going on."""

    def __init__(
        self,
        spool: MlflowClient,
        lock: Path,
        target: TrackingServer,
        *,
        ended: Callable[[TrackingError | None], None] = lambda error: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Say what is copied where.

        Args:
            spool: the client of where runs are recorded.
            lock: the file that all who copy from there lock.
            target: the server.
            ended: hears at a run's end why it could not be copied, None if it was.
            clock: seconds.
        """
        self._spool = spool
        self._lock = lock
        self._target = target
        self._ended = ended
        self._clock = clock
        self._copier: RunCopier | None = None
        self._away_until = 0.0

    def show(self, run_id: str) -> None:
        """See `Shown.show`; trouble is logged, and the server left alone for a while."""
        if self._clock() < self._away_until:
            return
        try:
            self._copy(run_id)
        except TrackingError as error:
            self._away_until = self._clock() + AWAY_S
            log.warning("%s; the run goes on and is kept here", error)

    def copy(self, run_id: str) -> str:
        """See `Shown.copy`; asks several times."""
        return patiently(lambda: self._copy(run_id))

    def end(self, run_id: str) -> None:
        """See `Shown.end`; what is below goes first, since a run that has been copied to its end leaves the spool."""
        try:
            for below in runs_below(self._spool, run_id):
                self.copy(below)
            self.copy(run_id)
        except TrackingError as error:
            self._ended(error)
        else:
            self._ended(None)

    def _copy(self, run_id: str) -> str:
        self._target.check()
        with self._target.reached() as client, locked(self._lock):
            if self._copier is None:
                self._copier = RunCopier(self._spool, client, self._target.experiment)
            return self._copier.copy(run_id)


def runs_below(client: MlflowClient, run_id: str) -> list[str]:
    """Give the ids of the runs directly below one."""
    experiment_id = client.get_run(run_id).info.experiment_id
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        page = client.search_runs([experiment_id], f"tags.`{PARENT_TAG}` = '{run_id}'", page_token=token or None)
        found += [run.info.run_id for run in page]
        token = page.token or None
    return found
