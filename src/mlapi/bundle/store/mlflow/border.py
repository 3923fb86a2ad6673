"""The border to MLflow: its client opened without chatter and without endless patience, its exceptions translated.

mlflow is imported inside functions: it costs seconds and belongs to training and to the follower's process only.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mlapi.bundle.errors import StoreUnavailable
from mlapi.bundle.store.mlflow.embedded import file_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

# With MLflow's own settings one call to a dead server takes 247 s; what the user has set stays.
_SETTINGS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_UV_AUTO_DETECT": "false",  # a uv.lock in the working directory has nothing to do with a bundle
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",  # seconds for one answer to begin or go on, not in total
}
# MLflow makes its own S3 client; botocore's default of three tries gives up before a bucket that is busy recovers.
_S3_SETTINGS: Final = {"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "6"}
_UPLOAD_TIMEOUT_S: Final = "60"  # the server may pass a file on to an object store before it answers
_CREDENTIALS: Final = re.compile(r"//[^/@\s'\"]*@")
_LONGEST_REASON: Final = 300
# Libraries below MLflow whose exceptions it lets through; not imported here, mlflow-skinny comes without some of them.
_BELOW: Final = {"sqlalchemy", "alembic", "sqlite3", "requests", "urllib3"}


def without_credentials(text: str) -> str:
    """Take user names and passwords out of every address in a text."""
    return _CREDENTIALS.sub("//", text)


def open_client(uri: str | None) -> MlflowClient:
    """Give MLflow's client for a tracking address, which is the registry's too.

    Args:
        uri: `sqlite:///FILE`, `http(s)://…`; None: what MLFLOW_TRACKING_URI says, or MLflow's own default.

    Raises:
        ImportError: mlflow, or what it needs for such an address, is not installed.
    """
    for name, value in (_SETTINGS | _S3_SETTINGS).items():
        os.environ.setdefault(name, value)
    _check_installed(uri)
    from mlflow import MlflowClient

    for logger in ("mlflow", "alembic"):  # after the import, which sets them
        logging.getLogger(logger).setLevel(logging.WARNING)
    database = file_of(uri)
    if database is not None:
        database.parent.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri=uri)


@contextmanager
def uploading(uri: str | None) -> Iterator[None]:
    """Make an address MLflow's own for this process and let it take longer; both are put back afterwards.

    Model.log and the SQLite registry look at the process-wide address, whatever client they are called through.
    """
    import mlflow

    is_set = mlflow.tracking.is_tracking_uri_set()  # type: ignore[no-untyped-call]  # MLflow does not annotate it
    before = mlflow.get_tracking_uri() if is_set else None
    timeout = os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT")
    if timeout == _SETTINGS["MLFLOW_HTTP_REQUEST_TIMEOUT"]:
        os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = _UPLOAD_TIMEOUT_S
    if uri is not None:
        mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        if uri is not None:
            mlflow.set_tracking_uri(before)  # type: ignore[arg-type]  # None is what takes it back
        if timeout is not None:
            os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = timeout


@contextmanager
def border(description: str) -> Iterator[None]:
    """Translate what MLflow and the libraries below it raise, and keep their warnings quiet.

    Raises:
        StoreUnavailable: its reason on one line, without credentials.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of MLflow's libraries about each other; nobody here can mend them
            yield
    except Exception as error:
        if not _is_foreign(error):
            raise
        first = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise StoreUnavailable(description, without_credentials(first)[:_LONGEST_REASON]) from error


def is_missing(error: Exception) -> bool:
    """Tell whether MLflow says that something does not exist."""
    return getattr(error, "error_code", None) == "RESOURCE_DOES_NOT_EXIST"


def is_taken(error: Exception) -> bool:
    """Tell whether MLflow says that something exists already."""
    return getattr(error, "error_code", None) == "RESOURCE_ALREADY_EXISTS"


def _check_installed(uri: str | None) -> None:
    if importlib.util.find_spec("mlflow") is None:
        raise ImportError("mlflow is not installed: install ml-api-platform with its extra follow or train")
    if file_of(uri) is not None and importlib.util.find_spec("sqlalchemy") is None:
        raise ImportError("mlflow-skinny cannot open a database: install mlflow itself, or follow a server (http://…)")


def _is_foreign(error: Exception) -> bool:
    roots = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, (OSError, ImportError)) or bool(roots & (_BELOW | {"mlflow"}))
