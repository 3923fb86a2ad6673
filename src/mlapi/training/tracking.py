"""Record trainings in MLflow: experiments, runs, and what a run holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mlapi.training.artifacts import ArtifactStore
from mlapi.training.killed import FAILURE_TAG
from mlapi.training.mirror import Direct, Shown
from mlapi.training.processes import PROCESS_TAG, Process
from mlapi.training.tracking_server import TrackingServer

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["FAILURE_TAG", "ExperimentLogger", "TrackedRun", "reason_of"]

FAILURE_LENGTH = 500  # letters of a reason kept as a tag
NO_STEP = 0
MOST_METRICS = 1000  # that mlflow takes with one call


class TrackedRun:
    """One run that is going on; `files` takes its artifacts."""

    def __init__(self, client: MlflowClient, run_id: str, experiment_id: str, shown: Shown) -> None:
        self.run_id = run_id
        self.files = ArtifactStore(client, run_id)
        self._client = client
        self._experiment_id = experiment_id
        self._shown = shown
        self._shown_id: str | None = None

    @property
    def public_id(self) -> str:
        """The run's id as others know it, as far as they do; its own here otherwise."""
        return self._shown_id or self.run_id

    def share(self) -> str:
        """Bring what others see of the run up to date, and give its id there.

        Raises:
            TrackingError: the tracking server is away.
        """
        self._shown_id = self._shown.copy(self.run_id)
        return self._shown_id

    def log(
        self,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Record parameters, figures and tags with one call to the server."""
        from mlflow.entities import Metric, Param, RunTag

        now_ms = int(time.time() * 1000)
        self._client.log_batch(
            self.run_id,
            metrics=[Metric(name, float(value), now_ms, NO_STEP) for name, value in (metrics or {}).items()],
            params=[Param(name, str(value)) for name, value in (params or {}).items()],
            tags=[RunTag(name, value) for name, value in (tags or {}).items()],
        )

    def curve(self, name: str, values: Mapping[int, float]) -> None:
        """Record a figure at several steps with one call to the server."""
        from mlflow.entities import Metric

        now_ms = int(time.time() * 1000)
        points = [Metric(name, float(value), now_ms, step) for step, value in values.items()]
        for begin in range(0, len(points), MOST_METRICS):
            self._client.log_batch(self.run_id, metrics=points[begin : begin + MOST_METRICS])

    @contextmanager
    def boosting(self) -> Iterator[None]:
        """Let MLflow's autologging watch an `xgboost.train`: its parameters and the loss of every round.

        No model is logged (the bundle is), and no importance picture (it needs pyplot, and ours knows the names).
        """
        import mlflow.xgboost

        mlflow.xgboost.autolog(log_models=False, log_datasets=False, importance_types=[], silent=True)
        try:
            yield
        finally:
            mlflow.xgboost.autolog(disable=True, silent=True)

    @contextmanager
    def trial(self, name: str) -> Iterator[TrackedRun]:
        """Open a run below this one; it ends as `ExperimentLogger.run` says."""
        with _open_run(self._client, name, self._experiment_id, {}, self._shown, nested=True) as run:
            yield run
        self._shown.show(run.run_id)


class ExperimentLogger:
    """Records a training as a run of one experiment."""

    def __init__(
        self,
        server: TrackingServer,
        experiment: str,
        *,
        shown: Callable[[MlflowClient], Shown] = lambda client: Direct(),
        killed: Callable[[MlflowClient, Shown], None] = lambda client, shown: None,
    ) -> None:
        """Say where to.

        Args:
            server: where the run is recorded.
            experiment: its name.
            shown: gives where others see it, where that is elsewhere.
            killed: deals with runs that a process left behind, before another begins.
        """
        self._server = server
        self._experiment = experiment
        self._shown = shown
        self._killed = killed

    @contextmanager
    def run(self, name: str, tags: Mapping[str, str]) -> Iterator[TrackedRun]:
        """Open a run; it ends FINISHED, or FAILED with the reason as tag `mlapi.failure`.

        Raises:
            TrackingError: the server refuses.
        """
        with self._server.in_use() as client:
            shown = self._shown(client)
            self._killed(client, shown)
            experiment_id = self._server.experiment(client, self._experiment)
            run_id = ""
            try:
                with _open_run(client, name, experiment_id, tags, shown, nested=False) as run:
                    run_id = run.run_id
                    shown.show(run_id)
                    yield run
            finally:
                if run_id:
                    shown.end(run_id)


@contextmanager
def _open_run(
    client: MlflowClient, name: str, experiment_id: str, tags: Mapping[str, str], shown: Shown, *, nested: bool
) -> Iterator[TrackedRun]:
    import mlflow

    opened = mlflow.start_run(
        run_name=name, experiment_id=experiment_id, nested=nested, tags={**tags, PROCESS_TAG: Process.this().tag()}
    )
    with opened as active:
        run = TrackedRun(client, active.info.run_id, experiment_id, shown)
        try:
            yield run
        except BaseException as error:
            with suppress(Exception):  # the server may be what failed; the first error is the one to tell
                client.set_tag(run.run_id, FAILURE_TAG, reason_of(error))
            raise


def reason_of(error: BaseException) -> str:
    """Give an error's kind and first line, at most 500 letters."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"[:FAILURE_LENGTH]
