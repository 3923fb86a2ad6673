"""A training put on record whatever becomes of the tracking server, and somebody told of what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlapi.ops.notifiers import open_alerts
from mlapi.ops.notify import Event, Notifier, Severity
from mlapi.training.copying import TARGET_TAG
from mlapi.training.errors import TrackingError
from mlapi.training.killed import mark_killed
from mlapi.training.mirror import Mirror, Shown
from mlapi.training.run_files import run_of
from mlapi.training.spool import Spool
from mlapi.training.stores import open_at
from mlapi.training.tracking import ExperimentLogger, TrackedRun, reason_of
from mlapi.training.tracking_server import TrackingServer

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlapi.ops.settings import Settings

AWAY_KEY = "tracking-away"
MODEL_TAG = "mlapi.model"
DIGEST_TAG = "mlapi.content_digest"


class Recording:
    """Records trainings as the settings say.

    Where the tracking server or the files are behind a network, a run is recorded in the spool of this machine and
    copied as it goes; what could not be copied by its end waits for `mlapi sync`.
    """

    def __init__(self, settings: Settings, notifier: Notifier | None = None) -> None:
        """Take where to record, and whom to tell (those whom the settings name if None)."""
        self._settings = settings
        self._notifier = notifier or open_alerts(settings)
        self._server = TrackingServer(settings.mlflow)

    @contextmanager
    def run(self, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[TrackedRun]:
        """Open a run, as `ExperimentLogger.run` does; its failure is told, and a later success ends that.

        Args:
            experiment: the experiment's name.
            name: the model's, and the run's.
            tags: of the run.

        Raises:
            TrackingError: the run cannot be recorded on this machine.
        """
        try:
            with self._logger(experiment).run(name, tags) as run:
                yield run
        except Exception as error:
            self.tell(_failure(name, reason_of(error)))
            raise
        self.tell(_failure(name, "the training succeeded", resolved=True))

    def _logger(self, experiment: str) -> ExperimentLogger:
        if not self._server.far:
            return ExperimentLogger(self._server, experiment, killed=self.mark_killed)
        spool = Spool(self._settings.state_dir)
        return ExperimentLogger(spool.prepare(), experiment, shown=self._mirror, killed=self.mark_killed)

    def _mirror(self, client: MlflowClient) -> Shown:
        lock = Spool(self._settings.state_dir).copying_lock
        return Mirror(client, lock, self._server, ended=lambda error: self.tell(tracking_event(error)))

    def mark_killed(self, client: MlflowClient, shown: Shown) -> None:
        """Mark the runs whose process is gone, where others see them too, and tell of those that failed."""
        for run, reason in mark_killed(client, self._version_of):
            if reason is not None:
                self.tell(
                    _failure(run.data.tags.get(MODEL_TAG, str(run.info.run_name)), f"run {run.info.run_id} {reason}")
                )
            shown.end(run.info.run_id)

    def _version_of(self, run: Run) -> str | None:
        """Give the version that a run has made; before its bundle was proved there can be none."""
        name = run.data.tags.get(MODEL_TAG)
        if name is None or DIGEST_TAG not in run.data.tags:
            return None
        ids = {run.info.run_id, run.data.tags.get(TARGET_TAG)}
        made = (one.version for one in open_at(self._settings).versions(name) if run_of(one) in ids)
        return next(made, None)

    def tell(self, event: Event) -> None:
        """Tell those whom the settings name."""
        self._notifier.notify(event)


def _failure(name: str, reason: str, *, resolved: bool = False) -> Event:
    return Event(
        key=f"training-failed:{name}",
        severity=Severity.ERROR,
        summary=f"{name}: {reason}",
        resolved=resolved,
        details={"model.name": name},
    )


def tracking_event(error: TrackingError | None) -> Event:
    """Give the event that a run waits for the tracking server, or with None that the server answers again."""
    return Event(
        key=AWAY_KEY,
        severity=Severity.WARNING,
        summary=f"{error}; the run is kept here until `mlapi sync`" if error else "the tracking server answers",
        resolved=error is None,
    )
