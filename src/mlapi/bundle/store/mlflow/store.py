"""A store in an MLflow model registry: embedded SQLite, or a server.

The registry's alias is right about where it points; the ledger (`ledger`) says since when. Where they differ because
somebody moved the alias by MLflow's own means, `resolve` gives the alias's version with the ledger's generation, and
`history` a last move that nobody signed; the next promotion goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlapi.bundle import archive
from mlapi.bundle.atomic import staging_directory
from mlapi.bundle.errors import ModelNotFound, StoreError, VersionExists
from mlapi.bundle.store.alias_file import moved
from mlapi.bundle.store.mlflow.aliases import MlflowAliases, Standing, hand_move
from mlapi.bundle.store.mlflow.border import border, open_client, uploading, without_credentials
from mlapi.bundle.store.mlflow.embedded import is_empty
from mlapi.bundle.store.mlflow.ledgers import Ledgers
from mlapi.bundle.store.mlflow.packing import FOLDER, log_bundle
from mlapi.bundle.store.mlflow.versions import MlflowVersions
from mlapi.bundle.store.records import Action, AliasRecord, Promotion, VersionRecord, is_safe_name, is_version
from mlapi.bundle.store.sealed import read_sealed

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

# MLflow refuses other aliases, but only after the generation has been claimed (mlflow/utils/validation.py).
_ALIAS: Final = re.compile(r"(?!latest$|v[0-9]+$)[a-z0-9_][a-z0-9_-]{0,99}", re.ASCII | re.IGNORECASE)


class MlflowStore:
    """Bundles in an MLflow registry; mlflow is imported when it is first asked."""

    def __init__(self, tracking_uri: str | None = None) -> None:
        """Take the address.

        Args:
            tracking_uri: `sqlite:///FILE`, `http(s)://…`; None: what MLFLOW_TRACKING_URI says, or MLflow's default.
        """
        self._uri = tracking_uri

    @property
    def description(self) -> str:
        """The kind of store and its address, without credentials."""
        return f"mlflow at {without_credentials(self._uri or 'its default address')}"

    def connect(self) -> bool:
        """Import mlflow and open its client now, which takes seconds, and not with the first question.

        Returns:
            Whether that was done; there is no need as long as an embedded database is empty.

        Raises:
            StoreUnavailable: mlflow is not installed, or refuses the address.
        """
        if is_empty(self._uri):
            return False
        with self._border():
            return self._client is not None

    def models(self) -> list[str]:
        """See `Store.models`."""
        if is_empty(self._uri):
            return []
        with self._border():
            return self._versions.models()

    def versions(self, name: str) -> list[VersionRecord]:
        """See `Store.versions`."""
        if not is_safe_name(name) or is_empty(self._uri):
            return []
        with self._border():
            return self._versions.all_of(name)

    def version(self, name: str, version: str) -> VersionRecord:
        """See `Store.version`."""
        if not (is_safe_name(name) and is_version(version)) or is_empty(self._uri):
            raise ModelNotFound(name, version=version)
        with self._border():
            return self._versions.get(name, version)

    def add(
        self,
        name: str,
        bundle: Path,
        *,
        version: str | None = None,
        tags: Mapping[str, str] | None = None,
        run_id: str | None = None,
        signature: ModelSignature | None = None,
        input_example: Mapping[str, object] | None = None,
    ) -> VersionRecord:
        """See `Store.add`; MLflow counts for itself, so a version can only be asked for where it is there already.

        Args:
            name: the model's.
            bundle: its directory.
            version: the number that a bundle which is there already must have.
            tags: free text by key.
            run_id: the run that made it.
            signature: what it takes and gives, for MLflow.
            input_example: one row of synthetic cells, for MLflow.
        """
        if not is_safe_name(name):
            raise StoreError(f"a model cannot have this name: {name!r}")
        contents = read_sealed(bundle)
        present = self._same(name, version, contents.manifest_sha256)
        if present is not None:
            return present
        with self._border(), uploading(self._uri):
            model_id = log_bundle(
                self._client,
                contents.files,
                experiment_id=self._experiment(run_id),
                run_id=run_id,
                signature=signature,
                input_example=input_example,
            )
            self._ledgers.ensure_model(name)
            return self._versions.create(name, model_id, run_id, contents, dict(tags or {}))

    def fetch(self, name: str, version: str, destination: Path) -> Path:
        """See `Store.fetch`; nothing but the bundle's own folder is downloaded."""
        record = self.version(name, version)
        with self._border():
            from mlflow.artifacts import download_artifacts

            destination.parent.mkdir(parents=True, exist_ok=True)
            with staging_directory(destination) as staging:
                location = self._client.get_model_version_download_uri(name, version)
                download_artifacts(artifact_uri=f"{location}/{FOLDER}", dst_path=str(staging), tracking_uri=self._uri)
                contents = read_sealed(staging / "bundle", record.manifest_sha256)
                archive.write_directory(destination, contents.files)
        return destination

    def resolve(self, name: str, alias: str) -> AliasRecord:
        """See `Store.resolve`."""
        standing = self._look(name, alias)
        if standing is None or standing.version is None:
            raise ModelNotFound(name, alias=alias)
        move = hand_move(alias, standing) or standing.moves.effective(alias, standing.version)
        assert move is not None
        return moved(self.version(name, standing.version), move)

    def promote(
        self,
        name: str,
        alias: str,
        version: str,
        *,
        by: str,
        reason: str = "",
        expect_generation: int | None = None,
        metrics: Mapping[str, float] | None = None,
        action: Action = "promote",
    ) -> AliasRecord:
        """See `Store.promote`."""
        to = self.version(name, version)
        if not _ALIAS.fullmatch(alias):
            raise StoreError(f"MLflow takes no alias of this name: {alias!r}")
        with self._border():
            move = self._aliases.promote(
                name,
                alias,
                version,
                by=by,
                reason=reason,
                expect_generation=expect_generation,
                metrics=metrics or {},
                action=action,
            )
        return moved(to, move)

    def history(self, name: str, alias: str) -> list[Promotion]:
        """See `Store.history`; versions that have been deleted since are in it."""
        standing = self._look(name, alias)
        if standing is None:
            return []
        last = hand_move(alias, standing)
        return [*standing.moves.of(alias), *([last] if last else [])]

    @cached_property
    def _client(self) -> MlflowClient:
        return open_client(self._uri)

    @cached_property
    def _versions(self) -> MlflowVersions:
        return MlflowVersions(self._client)

    @cached_property
    def _ledgers(self) -> Ledgers:
        return Ledgers(self._client, self._uri)

    @cached_property
    def _aliases(self) -> MlflowAliases:
        return MlflowAliases(self._client, self._ledgers)

    def _border(self) -> AbstractContextManager[None]:
        return border(self.description)

    def _look(self, name: str, alias: str) -> Standing | None:
        if not (is_safe_name(name) and is_safe_name(alias)) or is_empty(self._uri):
            return None
        with self._border():
            return self._aliases.look(name, alias)

    def _same(self, name: str, version: str | None, manifest: str) -> VersionRecord | None:
        """Give the version that holds this bundle already."""
        for record in self.versions(name):
            if version in (None, record.version) and record.manifest_sha256 == manifest:
                return record
            if version == record.version:
                raise VersionExists(name, version, record.manifest_sha256)
        if version is not None:
            raise StoreError(f"MLflow counts versions itself: leave out the version {version!r}")
        return None

    def _experiment(self, run_id: str | None) -> str:
        return self._ledgers.experiment() if run_id is None else str(self._client.get_run(run_id).info.experiment_id)
