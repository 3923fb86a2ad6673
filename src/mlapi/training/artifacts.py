"""The files of a run: a local folder in development, S3 or the server's own storage elsewhere; MLflow knows which."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient


class ArtifactStore:
    """Keeps files of one run where the run's experiment keeps them."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self._client = client
        self._run_id = run_id

    def write(self, files: Mapping[str, bytes], folder: str = "") -> None:
        """Keep some files.

        Args:
            files: content by path, with forward slashes, below the folder.
            folder: a folder of the run; its root if empty.
        """
        with tempfile.TemporaryDirectory() as scratch:
            for name, content in files.items():
                path = Path(scratch, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self._client.log_artifacts(self._run_id, scratch, folder or None)

    def names(self, folder: str = "") -> list[str]:
        """Give the paths of a folder's files and folders, sorted."""
        return sorted(str(found.path) for found in self._client.list_artifacts(self._run_id, folder or None))
