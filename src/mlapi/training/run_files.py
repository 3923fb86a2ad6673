"""What a run keeps, read and added to after it has ended."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlapi.bundle.store.mlflow.border import is_missing
from mlapi.bundle.store.protocol import VersionRecord
from mlapi.training.artifacts import ArtifactStore

if TYPE_CHECKING:
    from mlapi.training.tracking_server import TrackingServer


class RunFiles:
    """The files and tags of the runs of one tracking server; every method may raise TrackingError."""

    def __init__(self, server: TrackingServer) -> None:
        self._server = server

    def read(self, run_id: str, name: str) -> bytes | None:
        """Give a file at the top of a run, None if there is no such run or file."""
        self._server.check()
        with self._server.in_use() as client, tempfile.TemporaryDirectory() as scratch:
            try:
                if name not in ArtifactStore(client, run_id).names():
                    return None
            except Exception as error:
                if is_missing(error):
                    return None
                raise
            return Path(client.download_artifacts(run_id, name, scratch)).read_bytes()

    def note(self, run_id: str, *, tags: Mapping[str, str], files: Mapping[str, bytes], folder: str) -> None:
        """Add tags and files to a run, unless there is no such run."""
        self._server.check()
        with self._server.in_use() as client:
            try:
                for key, value in tags.items():
                    client.set_tag(run_id, key, value)
            except Exception as error:
                if is_missing(error):
                    return
                raise
            ArtifactStore(client, run_id).write(files, folder)


def run_of(record: VersionRecord) -> str | None:
    """Give the run that made a version; a store beside MLflow has it as a tag."""
    return record.run_id or record.tags.get("mlflow_run_id")
