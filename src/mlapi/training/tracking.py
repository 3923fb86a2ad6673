"""Record trainings in MLflow: the server (or the embedded SQLite file), experiments, runs.

mlflow is imported inside functions: it costs seconds, and bad input should be told before.
"""

from __future__ import annotations

import logging
import os
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from mlapi.training.artifacts import ArtifactStore
from mlapi.training.errors import TrackingError

if TYPE_CHECKING:
    from types import ModuleType

    from mlflow import MlflowClient

SQLITE = "sqlite:///"
FAILURE_TAG = "mlapi.failure"
FAILURE_LENGTH = 500  # letters of a reason kept as a tag
CHECK_TIMEOUT_S = 5.0  # mlflow's own calls block for 247 s on a server that is gone (DESIGN §6)
NO_STEP = 0


class Places(Protocol):
    """Where runs and their files are kept; the settings' MLflow section fits."""

    @property
    def tracking_uri(self) -> str:
        """The address of a server, or of a database."""

    @property
    def artifact_root(self) -> str:
        """Folder or address for files of runs that no server keeps."""


def quiet_mlflow() -> ModuleType:
    """Import mlflow without its chatter: no database log lines, no links on stdout, no usage reports to its makers."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies about each other; nothing here can mend them
        import mlflow
        import mlflow.store.tracking.sqlalchemy_store
        import mlflow.xgboost
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


class TrackingServer:
    """An MLflow tracking server; in development a SQLite file and a folder stand for one."""

    def __init__(self, places: Places) -> None:
        self._uri = places.tracking_uri
        self._artifact_root = places.artifact_root

    @property
    def address(self) -> str:
        """The address without credentials, for messages."""
        parts = urlsplit(self._uri)
        return self._uri if parts.hostname is None else parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def remote(self) -> bool:
        """Whether a server keeps the runs, and says where their files go."""
        return urlsplit(self._uri).scheme in ("http", "https")

    def check(self) -> None:
        """Find out within seconds whether runs can be recorded.

        Raises:
            TrackingError: the server does not answer.
        """
        if not self.remote:
            return
        try:
            with urllib.request.urlopen(self._uri.rstrip("/") + "/health", timeout=CHECK_TIMEOUT_S):
                pass
        except urllib.error.HTTPError:
            return  # it answers; whether it lets us in is seen with the first call
        except OSError as error:
            raise TrackingError(self.address, "does not answer; start it, or correct MLFLOW_TRACKING_URI") from error

    @contextmanager
    def in_use(self) -> Iterator[MlflowClient]:
        """Make this server mlflow's own for a while, and put the one before back.

        Raises:
            TrackingError: mlflow's reason, on one line, for whatever it refuses meanwhile.
        """
        mlflow = quiet_mlflow()
        if self._uri.startswith(SQLITE):
            Path(self._uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
        before = mlflow.get_tracking_uri() if mlflow.tracking.is_tracking_uri_set() else None
        mlflow.set_tracking_uri(self._uri)
        try:
            yield mlflow.MlflowClient()
        except mlflow.exceptions.MlflowException as error:
            raise TrackingError(self.address, str(error).splitlines()[0]) from error
        finally:
            mlflow.set_tracking_uri(before)

    def experiment(self, client: MlflowClient, name: str) -> str:
        """Give an experiment's id; it is made if there is none, with its files below the artifact root."""
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(client.create_experiment(name, artifact_location=None if self.remote else self._root_uri()))

    def _root_uri(self) -> str:
        return self._artifact_root if "://" in self._artifact_root else Path(self._artifact_root).absolute().as_uri()


class TrackedRun:
    """One run that is going on; `files` takes its artifacts."""

    def __init__(self, client: MlflowClient, run_id: str, experiment_id: str) -> None:
        self._client = client
        self._experiment_id = experiment_id
        self.run_id = run_id
        self.files = ArtifactStore(client, run_id)

    def log(
        self,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Record parameters, figures and tags in one call each to the server."""
        import time

        from mlflow.entities import Metric, Param, RunTag

        now_ms = int(time.time() * 1000)
        self._client.log_batch(
            self.run_id,
            metrics=[Metric(name, float(value), now_ms, NO_STEP) for name, value in (metrics or {}).items()],
            params=[Param(name, str(value)) for name, value in (params or {}).items()],
            tags=[RunTag(name, value) for name, value in (tags or {}).items()],
        )

    @contextmanager
    def boosting(self) -> Iterator[None]:
        """Let MLflow's autologging watch an `xgboost.train`: its parameters and the loss of every round.

        No model is logged (the bundle is), and no importance picture (pyplot; ours names the features).
        """
        mlflow = quiet_mlflow()
        mlflow.xgboost.autolog(log_models=False, log_datasets=False, importance_types=[], silent=True)
        try:
            yield
        finally:
            mlflow.xgboost.autolog(disable=True, silent=True)

    @contextmanager
    def trial(self, name: str) -> Iterator[TrackedRun]:
        """Open a run below this one."""
        with _open_run(self._client, name, self._experiment_id, nested=True) as run:
            yield run


class ExperimentLogger:
    """Records a training as a run of one experiment."""

    def __init__(self, server: TrackingServer, experiment: str) -> None:
        self._server = server
        self._experiment = experiment

    @contextmanager
    def run(self, name: str, tags: Mapping[str, str]) -> Iterator[TrackedRun]:
        """Open a run; it ends FINISHED, or FAILED with the reason as tag `mlapi.failure`.

        Raises:
            TrackingError: the server refuses.
        """
        with self._server.in_use() as client:
            experiment_id = self._server.experiment(client, self._experiment)
            with _open_run(client, name, experiment_id, nested=False, tags=tags) as run:
                yield run


@contextmanager
def _open_run(
    client: MlflowClient, name: str, experiment_id: str, *, nested: bool, tags: Mapping[str, str] | None = None
) -> Iterator[TrackedRun]:
    import mlflow

    opened = mlflow.start_run(run_name=name, nested=nested, experiment_id=experiment_id, tags=dict(tags or {}))
    with opened as active:
        run = TrackedRun(client, active.info.run_id, experiment_id)
        try:
            yield run
        except BaseException as error:
            with suppress(Exception):  # the server may be what failed; the first error is the one to tell
                client.set_tag(run.run_id, FAILURE_TAG, _reason(error))
            raise


def _reason(error: BaseException) -> str:
    first: Sequence[str] = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {first[0]}"[:FAILURE_LENGTH]
