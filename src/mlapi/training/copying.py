"""A run copied from one MLflow to another: so that doing it again, or after being killed half way, changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

T = TypeVar("T")

SPOOL_RUN_TAG: Final = "mlapi.spool.run"  # of the copy: the id of what it was copied from
TARGET_TAG: Final = "mlapi.spool.target"  # of the original: the copy's id
_OURS: Final = "mlapi.spool."
_PARENT: Final = "mlflow.parentRunId"
_MOST_METRICS, _MOST_OTHERS = 1000, 100  # of one call (mlflow/utils/validation.py)
Point = tuple[str, int, int, float]


class RunCopier:
    """Copies runs of one MLflow to another; keeps in mind which points of curves it has sent."""

    def __init__(
        self, source: MlflowClient, target: MlflowClient, experiment: Callable[[MlflowClient, str], str]
    ) -> None:
        """Take both clients, and what gives an experiment's id by its name, made where there is none."""
        self._source = source
        self._target = target
        self._experiment = experiment
        self._sent: dict[str, set[Point]] = {}

    def copy(self, run_id: str) -> str:
        """Bring the copy up to where the run is, and give the copy's id; with the run's end its files move there too.

        Whatever MLflow raises goes through.
        """
        run = self._source.get_run(run_id)
        copy = self._copy_of(run)
        if run.info.lifecycle_stage == "deleted":  # it has been copied to its end
            return copy
        self._values(run, copy)
        self._curves(run, copy)
        if run.info.status != "RUNNING":
            self._end(run, copy)
        return copy

    def _copy_of(self, run: Run) -> str:
        """Find the copy, or make it; the copy names its run, should the run not name its copy yet."""
        known = run.data.tags.get(TARGET_TAG)
        if known:
            return str(known)
        name = self._source.get_experiment(run.info.experiment_id).name
        experiment_id = self._experiment(self._target, name)
        found = self._target.search_runs([experiment_id], f"tags.`{SPOOL_RUN_TAG}` = '{run.info.run_id}'")
        copy = found[0] if found else self._create(run, experiment_id)
        self._source.set_tag(run.info.run_id, TARGET_TAG, copy.info.run_id)
        return str(copy.info.run_id)

    def _create(self, run: Run, experiment_id: str) -> Run:
        tags = {SPOOL_RUN_TAG: run.info.run_id}
        parent = run.data.tags.get(_PARENT)
        if parent:
            tags[_PARENT] = self.copy(parent)
        return self._target.create_run(
            experiment_id, start_time=run.info.start_time, tags=tags, run_name=run.info.run_name
        )

    def _values(self, run: Run, copy: str) -> None:
        from mlflow.entities import Param, RunTag

        there = self._target.get_run(copy).data
        params = [Param(key, value) for key, value in run.data.params.items() if key not in there.params]
        tags = [
            RunTag(key, value)
            for key, value in run.data.tags.items()
            if key != _PARENT and not key.startswith(_OURS) and there.tags.get(key) != value
        ]
        for some in _portions(params, _MOST_OTHERS):
            self._target.log_batch(copy, params=some)
        for some_tags in _portions(tags, _MOST_OTHERS):
            self._target.log_batch(copy, tags=some_tags)

    def _curves(self, run: Run, copy: str) -> None:
        """Send the points that have not been; MLflow keeps each point once, however often it is sent."""
        sent = self._sent.setdefault(run.info.run_id, set())
        histories = (self._source.get_metric_history(run.info.run_id, key) for key in sorted(run.data.metrics))
        new = [metric for history in histories for metric in history if _point(metric) not in sent]
        for some in _portions(new, _MOST_METRICS):  # all metrics together: each batch is a way there and back
            self._target.log_batch(copy, metrics=some)
            sent.update(map(_point, some))

    def _end(self, run: Run, copy: str) -> None:
        files = Path(unquote(urlsplit(run.info.artifact_uri).path))
        if files.is_dir():
            self._target.log_artifacts(copy, str(files))
        self._target.set_terminated(copy, run.info.status, run.info.end_time)
        self._source.delete_run(run.info.run_id)  # in MLflow's bin, where the id of its copy can still be read
        shutil.rmtree(files, ignore_errors=True)


def _point(metric: Metric) -> Point:
    return metric.key, metric.timestamp, metric.step, metric.value


def _portions(values: Iterable[T], size: int) -> Iterator[list[T]]:
    whole = list(values)
    for begin in range(0, len(whole), size):
        yield whole[begin : begin + size]
