"""The MLflow server that keeps runs; in development a SQLite file and a folder stand for one."""

from __future__ import annotations

import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from mlapi.bundle.store.mlflow.border import open_client, uploading, without_credentials
from mlapi.training.errors import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHECK_TIMEOUT_S = 5.0  # mlflow's own first call may block far longer on a server that is gone
FOREIGN = frozenset(
    {"mlflow", "sqlalchemy", "alembic", "sqlite3", "requests", "urllib3", "boto3", "botocore", "s3transfer"}
)


class Places(Protocol):
    """Where runs and their files are kept; the settings' MLflow section fits."""

    @property
    def tracking_uri(self) -> str:
        """The address of a server, or of a database."""
        ...

    @property
    def artifact_root(self) -> str:
        """Folder or address for files of runs that no server keeps."""
        ...


class TrackingServer:
    """Where runs are recorded; mlflow is imported when it is first used, which takes seconds."""

    def __init__(self, places: Places) -> None:
        self._uri = places.tracking_uri
        self._artifact_root = places.artifact_root

    @property
    def address(self) -> str:
        """The address without credentials, for messages."""
        return without_credentials(self._uri)

    @property
    def remote(self) -> bool:
        """Whether a server keeps the runs, and says where their files go."""
        return urlsplit(self._uri).scheme in ("http", "https")

    @property
    def far(self) -> bool:
        """Whether runs or their files are kept where a network may lose them."""
        return self.remote or "://" in self._artifact_root

    def check(self) -> None:
        """Find out within seconds whether a server is there, before anything is trained.

        Raises:
            TrackingError: it does not answer.
        """
        if not self.remote:
            return
        try:
            # http or https, see `remote`; urllib takes no password in an address, and `/health` asks for none
            health = self.address.rstrip("/") + "/health"
            with urllib.request.urlopen(health, timeout=CHECK_TIMEOUT_S):  # noqa: S310 # the scheme is one of these two
                return
        except urllib.error.HTTPError as answer:
            answer.close()  # it is there; whether it lets us in is seen with the first call
        except OSError as error:
            raise TrackingError(self.address, "does not answer; start it, or correct MLFLOW_TRACKING_URI") from error

    @contextmanager
    def in_use(self) -> Iterator[MlflowClient]:
        """Make this server mlflow's own for a while, and put the one before back.

        Raises:
            TrackingError: the reason, on one line, of whatever mlflow or a library below it raises meanwhile.
        """
        with self.reached() as client, uploading(self._uri):
            yield client

    @contextmanager
    def reached(self) -> Iterator[MlflowClient]:
        """Give a client of this server, and leave mlflow's own server as it is.

        Raises:
            TrackingError: as for `in_use`.
        """
        client = self._opened()
        try:
            yield client
        except Exception as error:
            if not _is_foreign(error):
                raise
            raise TrackingError(self.address, _first_line(error)) from error

    def experiment(self, client: MlflowClient, name: str) -> str:
        """Give an experiment's id; it is made if there is none, with its files below the artifact root."""
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(client.create_experiment(name, artifact_location=None if self.remote else self._root_uri()))

    def _opened(self) -> MlflowClient:
        """Open the client; a database that is not there is made."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of mlflow's libraries about each other; nobody here can mend them
                client = open_client(self._uri)
                import mlflow.xgboost  # noqa: F401 # autologging takes it; its imports warn too
        except Exception as error:
            if not _is_foreign(error):
                raise
            raise TrackingError(self.address, _first_line(error)) from error
        return client

    def _root_uri(self) -> str:
        return self._artifact_root if "://" in self._artifact_root else Path(self._artifact_root).absolute().as_uri()


def _is_foreign(error: Exception) -> bool:
    return bool({kind.__module__.partition(".")[0] for kind in type(error).__mro__} & FOREIGN)


def _first_line(error: Exception) -> str:
    return without_credentials((str(error).splitlines() or [type(error).__name__])[0])
