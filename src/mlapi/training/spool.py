"""Where runs are kept until the tracking server has them: an MLflow database, files and bundles of this machine's own.

SPOOL/mlflow.db, SPOOL/artifacts/          runs, as MLflow keeps them
SPOOL/bundles/<run id>/{bundle/,entry.json}  bundles that could not be registered yet
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from mlapi.bundle import archive
from mlapi.bundle.store.durable import locked, replace_file
from mlapi.ops.mlflow_config import MLflowConfig
from mlapi.training.tracking_server import TrackingServer


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that waits for its version.

    Attributes:
        name: the model's.
        run_id: the run's here, in the spool or, where there is none, in the tracking database.
        content_digest: of the bundle.
        tags: for the version.
    """

    name: str
    run_id: str
    content_digest: str
    tags: dict[str, str]


class Spool:
    """The spool of one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self.root = state_dir.absolute() / "spool"

    @property
    def exists(self) -> bool:
        """Whether a run has ever been kept here."""
        return self._database.exists()

    @property
    def copying_lock(self) -> Path:
        """Held by whoever copies runs from here, so that no run is copied twice."""
        return self.root / ".copying"

    @property
    def registering_lock(self) -> Path:
        """Held by whoever registers bundles from here, so that none gets two versions."""
        return self.root / ".registering"

    @property
    def server(self) -> TrackingServer:
        """The spool as a tracking server."""
        return TrackingServer(
            MLflowConfig(tracking_uri=f"sqlite:///{self._database}", artifact_root=str(self.root / "artifacts"))
        )

    def prepare(self) -> TrackingServer:
        """Give the spool's server; its database is made where it is missing, whole or not at all."""
        self.root.mkdir(parents=True, exist_ok=True)
        with locked(self.root / ".lock"):
            if not self.exists:
                self._make_database()
        return self.server

    def keep(self, waiting: Waiting, bundle: Path) -> None:
        """Keep a bundle until it can be registered."""
        place = self._place(waiting.run_id)
        place.mkdir(parents=True, exist_ok=True)
        archive.write_directory(place / "bundle", archive.read_directory(bundle))
        replace_file(place / "entry.json", msgspec.json.encode(waiting))

    def waiting(self) -> Iterator[tuple[Waiting, Path]]:
        """Give the bundles that wait, each with its directory."""
        for entry in sorted((self.root / "bundles").glob("*/entry.json")):
            yield msgspec.json.decode(entry.read_bytes(), type=Waiting), entry.parent / "bundle"

    def bundle_of(self, content_digest: str) -> Path:
        """Give the directory of a bundle that waits.

        Raises:
            FileNotFoundError: none of this content does.
        """
        for waiting, bundle in self.waiting():
            if waiting.content_digest == content_digest:
                return bundle
        raise FileNotFoundError(2, "no bundle of this content waits", str(self.root))

    def drop(self, waiting: Waiting) -> None:
        """Forget a bundle that has its version; the entry first, which makes it one that waits."""
        place = self._place(waiting.run_id)
        (place / "entry.json").unlink(missing_ok=True)
        shutil.rmtree(place, ignore_errors=True)

    @property
    def _database(self) -> Path:
        return self.root / "mlflow.db"

    def _place(self, run_id: str) -> Path:
        return self.root / "bundles" / run_id

    def _make_database(self) -> None:
        scratch = self.root / ".making"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        places = MLflowConfig(tracking_uri=f"sqlite:///{scratch / 'mlflow.db'}", artifact_root=str(scratch))
        with TrackingServer(places).reached() as client:
            client.search_experiments(max_results=1)
        with closing(sqlite3.connect(scratch / "mlflow.db")) as made:
            made.execute("VACUUM INTO ?", [str(scratch / "whole.db")])  # with what its log still holds
        os.replace(scratch / "whole.db", self._database)  # noqa: PTH105 # the two read better in this order
        shutil.rmtree(scratch, ignore_errors=True)
